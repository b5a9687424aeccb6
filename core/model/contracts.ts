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
}

/** A router's decision for one batch. */
export interface Routing {
  /** int32 [B, R], in [0, E), R different experts a row. Not differentiable. */
  readonly expertIndices_BR: tf.Tensor2D;
  /** [B, R], multiplies the code of the chosen expert; the gradient into the router flows through it. */
  readonly gates_BR: tf.Tensor2D;
  /** [B, E] distribution over experts where the router has one (rows sum to 1); load-balance losses need it. */
  readonly probabilities_BE?: tf.Tensor2D;
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
}

export interface RouterFacts {
  /** E */
  readonly numExperts: number;
  /** R */
  readonly numSelected: number;
}

export interface Router {
  /** Initial parameters by local name; a checkpoint stores them as `router.<name>`. */
  initialise(shape: ModelShape, rng: Rng): Readonly<Record<string, ParameterInit>>;
  /**
   * Routes each row; pure: same inputs, same result. Runs inside a gradient computation: only tfjs operations.
   * @param acts_BD Raw activations (the router subtracts its own bias if it has one).
   */
  route(acts_BD: tf.Tensor2D, parameters: NamedTensors): Routing;
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

/** What an expert may use to turn a batch into a code. All results are differentiable. */
export interface EncodeContext {
  readonly shape: ModelShape;
  readonly routing: Routing;
  /** [B, R, M] encoder pre-activations of the routed blocks, bias added, gates not applied. */
  preactivations(): tf.Tensor3D;
  /**
   * The k largest gate * ReLU(pre-activation) of each row over all its routed blocks together; one fused kernel
   * that never forms the pre-activations.
   */
  topK(k: number): SparseCode;
  /** Makes a code of the activations of the routed blocks; multiplies them by their gates. */
  block(activations_BRM: tf.Tensor3D): BlockCode;
}

export interface ExpertFacts {
  /** K, where the expert fixes the number of active features of a row. */
  readonly activeFeatures?: number;
}

export interface Expert {
  /** Turns pre-activations into a code. Runs inside a gradient computation: only tfjs operations and the context. */
  encode(context: EncodeContext): Code;
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    router: { creates: Router; facts: RouterFacts };
    expert: { creates: Expert; facts: ExpertFacts };
  }
}
