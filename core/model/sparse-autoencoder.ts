/**
 * One sparse autoencoder: dictionary, router and expert joined into a forward pass.
 *
 *   x_hat = sum over active features j of g_e(j) f_j decoder_j + b_dec
 *
 * Shapes: B rows, D width.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import type { Code, Encoding, ModelShape, Routing, SparseCode, TrainingMoment } from "./contracts.ts";
import type { ParameterSet } from "./parameters.ts";

export interface ForwardPass {
  readonly routing: Routing;
  readonly code: Encoding;
  /** In the units of the activations that were given. */
  readonly reconstruction_BD: tf.Tensor2D;
  /** The same two as the model sees them (`model.normaliseActivations`); losses compare these. */
  readonly normalised: { readonly acts_BD: tf.Tensor2D; readonly reconstruction_BD: tf.Tensor2D };
  /**
   * Another code of the same rows: the k largest activations among some features of the routed blocks, differentiable.
   * @param among_F [F] 1 for features that may be chosen, 0 for others; no gradient.
   */
  topKAmong(k: number, among_F: tf.Tensor1D): SparseCode;
}

export interface DecodeOptions {
  /** Whether the decoder's bias is added. Default true. */
  readonly bias?: boolean;
  /** Whether the decoder and its bias count as constants: no gradient flows into them. Default false. */
  readonly frozen?: boolean;
}

export interface SparseAutoencoder {
  readonly shape: ModelShape;
  readonly parameters: ParameterSet;
  /**
   * Initial values of those of the expert's parameters that have the features as their first axis, by their names in
   * checkpoints: a feature that is given a new start begins there again.
   */
  readonly expertStarts: ReadonlyMap<string, Float32Array>;
  /**
   * Sets what depends on data before the first step: the scale of activations, the decoder's bias as the config says
   * (geometric median of these rows, or zeros), and with it the router parameters that start there. Called once.
   * @param rows_BD Row-major float32, length B * D.
   */
  initialiseFromRows(rows_BD: Float32Array): void;
  /**
   * Routes, encodes and decodes; differentiable in the parameters. The caller disposes (tidy).
   * @param training Absent when the model is evaluated: then nothing is random and nothing anneals.
   */
  forward(acts_BD: tf.Tensor2D, training?: TrainingMoment): ForwardPass;
  /** [B, D] in the normalised space. */
  decode(code: Code, options?: DecodeOptions): tf.Tensor2D;
  /**
   * Buffers that a training step changes, by name, after it saw this code; no gradient. The caller assigns and
   * disposes of them.
   */
  nextBuffers(code: Encoding, training: TrainingMoment): ReadonlyMap<string, tf.Tensor>;
}
