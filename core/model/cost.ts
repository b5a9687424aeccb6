/**
 * What a run costs by arithmetic alone, before anything is built: `plan` shows it, and plots put it on an axis.
 *
 * Two accountings, a multiply-add counted as 2 FLOPs. The paper's is what its figures use: 4 D M R a row, the dense
 * products of the routed blocks with encoder and decoder, forward only. Ours follows what is computed here:
 *
 *   encoder   2 D M R                 pre-activations of the routed blocks
 *   decoder   2 D K                   the active rows only (D M R pairs where K is not fixed)
 *   router    2 D S                   S: the scores that the router's facts state, E - shared ones without; nothing where
 *                                     there is one expert to choose
 *   backward  2 D K a gradient        of code, decoder and encoder, each over active features only; twice the router's
 *                                     trained scores.
 *                                     Left out: 2 D K more where the decoder's bias is subtracted from the input
 *   update    about 12 FLOPs a parameter and step (Adam)
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 4 (scaling laws); docs/paper-map.md
 */
import type { ModelShape, RouterFacts } from "./contracts.ts";

export interface CostInput {
  readonly shape: ModelShape;
  /** What the router states of its own cost. */
  readonly router?: Pick<RouterFacts, "scores" | "trainedScores"> | undefined;
  /** K where the expert fixes it; undefined: every feature of the routed blocks may be active. */
  readonly activeFeatures: number | undefined;
  /** B */
  readonly batchSize: number;
  readonly steps: number;
  readonly encoderBias: boolean;
}

export interface RunCost {
  /** Trainable numbers. A router with trained scores is taken to have an input bias too, as `switch` has by default. */
  readonly parameters: number;
  /** FLOPs of one row by the paper's accounting: 4 D M R. */
  readonly flopsPerRow: number;
  /** FLOPs of one row, forward, as computed here. */
  readonly encoderFlops: number;
  readonly decoderFlops: number;
  readonly routerFlops: number;
  /** FLOPs of the whole training run as computed here: forward, backward and updates of all steps. */
  readonly trainingFlops: number;
  /** Parameters, their gradients, Adam's two moments, and the tensors of one batch, in float32. */
  readonly memoryBytes: number;
}

const updateFlopsPerParameter = 12;
const bytesPerFloat = 4;

/**
 * @example
 * accountCost({ shape, activeFeatures: 32, batchSize: 8192, steps: 100_000, encoderBias: false }).flopsPerRow;
 */
export function accountCost(input: CostInput): RunCost {
  const { shape, router = {}, activeFeatures, batchSize, steps, encoderBias } = input;
  const { width, features, featuresPerExpert, selectedExperts } = shape;
  const routedFeatures = featuresPerExpert * selectedExperts;
  const active = Math.min(activeFeatures ?? routedFeatures, routedFeatures);
  const scores = scoresOf(shape, router);
  const trainedScores = Math.min(scores, router.trainedScores ?? scores);
  const routerParameters = trainedScores > 0 ? trainedScores * width + width : 0;
  const parameters = 2 * features * width + width + (encoderBias ? features : 0) + routerParameters;

  const encoderFlops = 2 * width * routedFeatures;
  const decoderFlops = 2 * width * active;
  const routerFlops = 2 * width * scores;
  const backwardFlops = 3 * (2 * width * active) + 2 * (2 * width * trainedScores);
  const stepFlops =
    batchSize * (encoderFlops + decoderFlops + routerFlops + backwardFlops) + updateFlopsPerParameter * parameters;

  // Activations, centred activations, reconstruction and its gradient; indices, values and their gradients.
  const batchFloats = batchSize * (4 * width + 4 * active + 3 * scores);
  return {
    parameters,
    flopsPerRow: 4 * width * routedFeatures,
    encoderFlops,
    decoderFlops,
    routerFlops,
    trainingFlops: steps * stepFlops,
    memoryBytes: bytesPerFloat * (4 * parameters + batchFloats),
  };
}

/** S, the scores that the router computes for a row; 0 where there is nothing to choose. */
export function scoresOf({ experts, sharedExperts }: ModelShape, router: Pick<RouterFacts, "scores">): number {
  const routedExperts = experts - sharedExperts;
  return routedExperts > 1 ? (router.scores ?? routedExperts) : 0;
}
