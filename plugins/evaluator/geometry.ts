/**
 * Where the features lie: a map of the encoder rows and one of the decoder rows, and how much experts keep to
 * themselves in each.
 *
 *   encoder-neighbours-in-expert  = mean over sampled features of the share of their k nearest encoder rows (by cosine,
 *                                   among the sampled) that belong to the same expert
 *   decoder-neighbours-in-expert  = the same of decoder rows
 *   encoder-decoder-cosine        = mean over sampled features of cos(encoder row, decoder row)
 *
 * By chance a share is about (S/E - 1) / (S - 1) for S sampled features. Maps are drawn by the plot `feature-map`. The
 * paper found encoder rows in a cluster for each expert, and decoder rows diffuse.
 *
 * Shapes: F features, E experts, M = F/E features an expert, S sampled features, D width, K neighbours.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { EvaluationContext, EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { layOut, nearestNeighbours, sampleAscending } from "../../core/evaluation/feature-map.ts";
import type { Neighbours } from "../../core/evaluation/feature-map.ts";
import { createRng } from "../../core/model/rng.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

/** Fewer points have no geometry to lay out. */
const fewestFeatures = 4;

export const geometry = definePlugin({
  kind: "evaluator",
  name: "geometry",
  version: "1",
  summary: "Maps of encoder and decoder rows in the plane, and how much experts keep to themselves in them.",
  paper: "Mudide et al. 2024, section 5 (feature geometry); McInnes et al. 2018 (UMAP)",
  options: Type.Object({
    features: Type.Integer({
      default: 2000,
      minimum: fewestFeatures,
      maximum: 20_000,
      description:
        "Features on the maps, sampled from all; fewer when there are fewer. Maps of 2,000 take several seconds.",
    }),
    neighbours: Type.Integer({
      default: 15,
      minimum: 2,
      description: "k: nearest rows by cosine that a map keeps together; fewer when fewer features are sampled.",
    }),
    minDistance: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description: "How close points of a map may come; UMAP's min_dist.",
    }),
    seed: Type.Integer({ default: 0, minimum: 0, description: "Decides the sample and the maps." }),
  }),
  deps: { tf: tensorFlowRef },
  create: (options, { tf: tensorFlow }): Evaluator => ({
    metrics: {
      "encoder-neighbours-in-expert": {
        summary: "Mean share of a feature's nearest encoder rows that belong to its expert; 1 without a router.",
      },
      "decoder-neighbours-in-expert": {
        summary: "Mean share of a feature's nearest decoder rows that belong to its expert; 1 without a router.",
      },
      "encoder-decoder-cosine": { summary: "Mean cosine between a feature's encoder row and its decoder row." },
    },
    begin: (context) => ({ finish: () => examine(context, options, tensorFlow) }),
  }),
});

interface Options {
  readonly features: number;
  readonly neighbours: number;
  readonly minDistance: number;
  readonly seed: number;
}

async function examine(
  { model, shape }: EvaluationContext,
  options: Options,
  tensorFlow: typeof tf,
): Promise<EvaluationResult | undefined> {
  if (shape.features < fewestFeatures) return undefined;
  const rng = createRng(options.seed);
  const sampled = sampleAscending(shape.features, options.features, rng.stream("sample"));
  const experts = sampled.map((feature) => Math.floor(feature / shape.featuresPerExpert));
  // With the feature itself there must be more features than neighbours.
  const k = Math.min(options.neighbours, sampled.length - 2);
  const rowsOf = (name: string): tf.Tensor2D =>
    tensorFlow.tidy(() =>
      tensorFlow.gather(
        model.parameters.get(name).as2D(shape.features, shape.width),
        tensorFlow.tensor1d([...sampled], "int32"),
      ),
    );
  const [encoder_SD, decoder_SD] = [rowsOf("encoder"), rowsOf("decoder")];
  try {
    const mapOf = async (name: string, rows_SD: tf.Tensor2D) => {
      const neighbours = await nearestNeighbours(tensorFlow, rows_SD, k);
      const points = await layOut({ neighbours, minDistance: options.minDistance, stream: rng.stream(name) });
      return { inExpert: shareInExpert(neighbours, experts), points: points.map((point) => point.map(rounded)) };
    };
    const encoder = await mapOf("encoder", encoder_SD);
    const decoder = await mapOf("decoder", decoder_SD);
    return {
      metrics: {
        "encoder-neighbours-in-expert": encoder.inExpert,
        "decoder-neighbours-in-expert": decoder.inExpert,
        "encoder-decoder-cosine": await meanCosine(encoder_SD, decoder_SD),
      },
      artefacts: { map: { features: sampled, experts, encoder: encoder.points, decoder: decoder.points } },
    };
  } finally {
    tensorFlow.dispose([encoder_SD, decoder_SD]);
  }
}

function shareInExpert({ indices_NK }: Neighbours, experts: readonly number[]): number {
  const shares = indices_NK.map(
    (nearest, n) => nearest.filter((other) => experts[other] === experts[n]).length / nearest.length,
  );
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** Mean over rows of the cosine of two matrices' rows, in float64; a zero row has cosine 0. */
async function meanCosine(a_SD: tf.Tensor2D, b_SD: tf.Tensor2D): Promise<number> {
  const [numRows, width] = a_SD.shape;
  const [a, b] = await Promise.all([a_SD.data(), b_SD.data()]);
  let sum = 0;
  for (let start = 0; start < numRows * width; start += width) {
    let [dot, squaresA, squaresB] = [0, 0, 0];
    for (let d = start; d < start + width; d++) {
      dot += a[d]! * b[d]!;
      squaresA += a[d]! * a[d]!;
      squaresB += b[d]! * b[d]!;
    }
    const norms = Math.sqrt(squaresA) * Math.sqrt(squaresB);
    sum += norms === 0 ? 0 : dot / norms;
  }
  return sum / numRows;
}

/** Three decimals are enough for a plot. */
function rounded(coordinate: number): number {
  return Math.round(coordinate * 1e3) / 1e3;
}
