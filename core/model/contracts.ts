/**
 * What a router and an expert are, and what passes between them and the dictionary.
 *
 * Shapes: B rows, D width of an activation, F features, E experts, M = F/E features an expert, R experts a row is
 * routed to, K active features a row. Expert e owns the contiguous features [e*M, (e+1)*M).
 */
import type * as tf from "@tensorflow/tfjs";
import type { Rng } from "./rng.ts";

export interface ModelShape {
  /** D */
  readonly width: number;
  /** F, over all experts */
  readonly features: number;
  /** E */
  readonly experts: number;
  /** M = F/E */
  readonly featuresPerExpert: number;
  /** R */
  readonly selectedExperts: number;
  /** S: how many experts see every row. They are the last S of the E, and the last S of the R of a row. */
  readonly sharedExperts: number;
}

/** Where training is; absent everywhere when a model is evaluated. */
export interface TrainingMoment {
  /** Counted from 0. */
  readonly step: number;
  readonly totalSteps: number;
}

/** A router's decision for one batch. */
export interface Routing {
  /**
   * int32 [B, R], in [0, E), R different experts a row: the router's first choice first, the S shared ones last. Not
   * differentiable.
   */
  readonly expertIndices_BR: tf.Tensor2D;
  /** [B, R], multiplies the code of the chosen expert; the gradient into the router flows through it. */
  readonly gates_BR: tf.Tensor2D;
  /** [B, E - S] distribution over the routed experts where the router has one (rows sum to 1); load-balance needs it. */
  readonly probabilities_BE?: tf.Tensor2D;
  /** [B, E - S] scores whose softmax are the probabilities, where the router has such; a z-loss needs them. */
  readonly logits_BE?: tf.Tensor2D;
}

/** Parameters by local name, as tensors: inside a gradient they are the variables. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** How a parameter starts. */
export interface ParameterInit {
  readonly shape: readonly number[];
  /** Row-major values; length is the product of `shape`. */
  readonly values: Float32Array;
  /**
   * Starts at the decoder's bias, after that one was initialised (the authors start b_router at the geometric
   * median too). "shared" keeps the two equal for ever, each receiving both updates (their code shares storage).
   */
  readonly decoderBias?: "copy" | "shared";
  /** false: a buffer. It is kept in checkpoints, but no gradient is taken and no optimizer sees it. Default true. */
  readonly trainable?: boolean;
}

export interface RouterFacts {
  /** E */
  readonly numExperts: number;
  /** R */
  readonly numSelected: number;
  /** S, 0 when left out: experts that see every row, counted in both numbers above. */
  readonly numShared?: number;
  /** Dot products of width D that routing one row takes while training; E - S when left out. Costs are accounted with it. */
  readonly scores?: number;
  /** How many of those are with trained vectors; all of them when left out. */
  readonly trainedScores?: number;
}

export interface Router {
  /** Initial parameters by local name; a checkpoint stores them as `router.<name>`. */
  initialise(shape: ModelShape, rng: Rng): Readonly<Record<string, ParameterInit>>;
  /**
   * Routes each row; pure: same inputs, same result. Runs inside a gradient computation: only tfjs operations.
   * A router that draws at random draws from the run's seed and the step, and only while training.
   * @param acts_BD Activations as the model normalises them (the router subtracts its own bias if it has one).
   * @param training Absent when the model is evaluated.
   */
  route(acts_BD: tf.Tensor2D, parameters: NamedTensors, training?: TrainingMoment): Routing;
}

/** K features a row with their values. */
export interface SparseCode {
  readonly kind: "sparse";
  /** int32 [B, K] in [0, F), ascending in a row, all different, all inside the routed blocks. */
  readonly indices_BK: tf.Tensor2D;
  /** [B, K], gates applied; a zero value means that the feature is not active. */
  readonly values_BK: tf.Tensor2D;
}

/** Every feature of the routed blocks with its value. */
export interface BlockCode {
  readonly kind: "block";
  /** int32 [B, R]: block r of a row is the expert expertIndices_BR[b, r]. */
  readonly expertIndices_BR: tf.Tensor2D;
  /** [B, R, M], gates applied. */
  readonly values_BRM: tf.Tensor3D;
}

/** The active features of a batch. */
export type Code = SparseCode | BlockCode;

/** The first features of every expert, and what the error of reconstructing from them alone weighs. */
export interface NestedPrefix {
  /** Features of an expert that belong to the prefix, 0 (where a fraction of a small expert is less than one) to M. */
  readonly featuresPerExpert: number;
  readonly weight: number;
}

/** What an expert may say of its code besides the code; losses read it. */
export interface CodeTraits {
  /** What a sparsity penalty acts on where that is not the code itself: the gate of a gated expert. */
  readonly gateCode?: BlockCode;
  /** [B] active features of a row with a gradient (straight-through), where the expert has one. */
  readonly activeCounts_B?: tf.Tensor1D;
  /** The reconstruction loss is then the weighted sum over these, in rising order; the last is the whole expert. */
  readonly prefixes?: readonly NestedPrefix[];
}

export type Encoding = Code & CodeTraits;

/** What an expert may use to turn a batch into a code. All results are differentiable. */
export interface EncodeContext {
  readonly shape: ModelShape;
  readonly routing: Routing;
  /** The expert's own parameters and buffers, by local name. */
  readonly parameters: NamedTensors;
  /** Absent when the model is evaluated. */
  readonly training?: TrainingMoment | undefined;
  /** [B, R, M] encoder pre-activations of the routed blocks, bias added, gates not applied. */
  preactivations(): tf.Tensor3D;
  /**
   * The k largest gate * ReLU(pre-activation) of each row over all its routed blocks together; one fused kernel
   * that never forms the pre-activations.
   * @param among_F [F] 1 for features that may be chosen, 0 for others (whose value is then 0); all when left out.
   */
  readonly topK: (k: number, among_F?: tf.Tensor1D) => SparseCode;
  /** Row e of a matrix with one row of M numbers an expert, for each routed block: [B, R, M], or [1, 1, M] if E = 1. */
  ofRoutedBlocks(values_F: tf.Tensor1D): tf.Tensor3D;
  /** Makes a code of the activations of the routed blocks; multiplies them by their gates. */
  block(activations_BRM: tf.Tensor3D): BlockCode;
}

export interface ExpertFacts {
  /** K, where the expert fixes the number of active features of a row; while training there may be more. */
  readonly activeFeatures?: number;
  /** Active features of a row on average, where the expert fixes only that; costs are accounted with it. */
  readonly meanActiveFeatures?: number;
}

export interface Expert {
  /** Initial parameters and buffers by local name; a checkpoint stores them as `expert.<name>`. */
  initialise?(shape: ModelShape, rng: Rng): Readonly<Record<string, ParameterInit>>;
  /** Turns pre-activations into a code. Runs inside a gradient computation: only tfjs operations and the context. */
  encode(context: EncodeContext): Encoding;
  /**
   * New values of buffers after a training step saw this code; those not named stay. Runs inside a tidy, outside any
   * gradient.
   */
  observe?(code: Encoding, buffers: NamedTensors, training: TrainingMoment): NamedTensors;
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    router: { creates: Router; facts: RouterFacts };
    expert: { creates: Expert; facts: ExpertFacts };
  }
}
