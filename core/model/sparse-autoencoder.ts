/**
 * One sparse autoencoder: dictionary, router and expert joined into a forward pass.
 *
 *   x_hat = sum over active features j of g_e(j) f_j decoder_j + b_dec
 *
 * Shapes: B rows, D width.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import type { Code, ModelShape, Routing } from "./contracts.ts";
import type { ParameterSet } from "./parameters.ts";

export interface ForwardPass {
  readonly routing: Routing;
  readonly code: Code;
  readonly reconstruction_BD: tf.Tensor2D;
}

export interface SparseAutoencoder {
  readonly shape: ModelShape;
  readonly parameters: ParameterSet;
  /**
   * Sets the decoder's bias as the config says (geometric median of these rows, or zeros), and with it the router
   * parameters that start there. Called once, before the first step, with its batch.
   * @param rows_BD Row-major float32, length B * D.
   */
  initialiseDecoderBias(rows_BD: Float32Array): void;
  /** Routes, encodes and decodes; differentiable in the parameters. The caller disposes (tidy). */
  forward(acts_BD: tf.Tensor2D): ForwardPass;
  /** [B, D] with the decoder's bias. */
  decode(code: Code): tf.Tensor2D;
}
