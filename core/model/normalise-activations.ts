/**
 * How activations are scaled before they are encoded, and reconstructions back. Losses compare in the normalised
 * space, everybody else in the activations' own units.
 *
 *   none                    x
 *   expected-average-norm   s x,  s = sqrt(D) / mean ||x|| over the first batch; a buffer, the same for every row
 *   layer-norm              (x - mean(x)) / (std(x) + 1e-5) for each row, std over D - 1; back: std(x) y + mean(x)
 *
 * Shapes: B rows, D width.
 * @see SAELens `normalize_activations` (expected_average_only_in, layer_norm); Gao et al. 2024 (arXiv 2406.04093), code
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";

export type ActivationNormalisation = "none" | "expected-average-norm" | "layer-norm";

/** Name of the buffer that holds s. */
export const activationScale = "activation_scale";

const layerNormEpsilon = 1e-5;

export interface Normalised {
  readonly acts_BD: tf.Tensor2D;
  /** From the normalised space to the units of these rows. */
  readonly restore: (reconstruction_BD: tf.Tensor2D) => tf.Tensor2D;
}

/** @param scale s, for expected-average-norm. Differentiable. */
export function normaliseActivations(
  tensorflow: typeof tf,
  kind: ActivationNormalisation,
  acts_BD: tf.Tensor2D,
  scale: tf.Tensor | undefined,
): Normalised {
  if (kind === "layer-norm") return layerNorm(tensorflow, acts_BD);
  if (kind === "none" || scale === undefined) return { acts_BD, restore: (reconstruction_BD) => reconstruction_BD };
  return {
    acts_BD: tensorflow.mul(acts_BD, scale),
    restore: (reconstruction_BD) => tensorflow.div(reconstruction_BD, scale),
  };
}

function layerNorm(tensorflow: typeof tf, acts_BD: tf.Tensor2D): Normalised {
  const width = acts_BD.shape[1];
  const mean_B1 = tensorflow.mean(acts_BD, 1, true);
  const centred_BD = tensorflow.sub<tf.Tensor2D>(acts_BD, mean_B1);
  const variance_B1 = tensorflow.div(tensorflow.sum(tensorflow.square(centred_BD), 1, true), Math.max(1, width - 1));
  const deviation_B1 = tensorflow.sqrt(variance_B1);
  return {
    acts_BD: tensorflow.div(centred_BD, tensorflow.add(deviation_B1, layerNormEpsilon)),
    // Without the epsilon, as SAELens and openai/sparse_autoencoder do it.
    restore: (reconstruction_BD) => tensorflow.add(tensorflow.mul(reconstruction_BD, deviation_B1), mean_B1),
  };
}

/**
 * s for a batch of rows: 1 where they are all zero.
 * @param rows_BD Row-major, length B * D.
 */
export function scaleOfRows(rows_BD: Float32Array, width: number): number {
  let sumOfNorms = 0;
  const numRows = rows_BD.length / width;
  for (let start = 0; start < rows_BD.length; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += rows_BD[i]! * rows_BD[i]!;
    sumOfNorms += Math.sqrt(squares);
  }
  return sumOfNorms === 0 ? 1 : (Math.sqrt(width) * numRows) / sumOfNorms;
}

/** The rows in the normalised space, computed on the host in float64; a copy. */
export function normaliseRowsOnHost(
  kind: ActivationNormalisation,
  rows_BD: Float32Array,
  width: number,
  scale: number,
): Float32Array {
  if (kind === "none") return rows_BD;
  if (kind === "expected-average-norm") return rows_BD.map((value) => value * scale);
  const normalised_BD = new Float32Array(rows_BD.length);
  for (let start = 0; start < rows_BD.length; start += width) {
    let mean = 0;
    for (let i = start; i < start + width; i++) mean += rows_BD[i]! / width;
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += (rows_BD[i]! - mean) ** 2;
    const deviation = Math.sqrt(squares / Math.max(1, width - 1)) + layerNormEpsilon;
    for (let i = start; i < start + width; i++) normalised_BD[i] = (rows_BD[i]! - mean) / deviation;
  }
  return normalised_BD;
}
