/**
 * One-hot rows that work on every device, for gathering without a gather: a product with a one-hot matrix has a
 * product as its gradient, where tfjs' gradient of `gather` loops over segments.
 *
 * HAZARD (tfjs 4.22.0): the wasm backend ignores `dtype` of `tf.oneHot` and writes the bits of an int32 1 into the
 * float32 result, which reads as 1.4e-45; and no backend accepts depth 1. So: int32, then cast; ones for depth 1.
 */
import type * as tf from "@tensorflow/tfjs";

/**
 * @param indices int32 [B] or [B, R], in [0, depth).
 * @returns float32 [B, depth] or [B, R, depth]. No gradient flows into the indices.
 * @example
 * oneHot(tf, tf.tensor1d([2, 0], "int32"), 3); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(tensorflow: typeof tf, indices: tf.Tensor1D, depth: number): tf.Tensor2D;
export function oneHot(tensorflow: typeof tf, indices: tf.Tensor2D, depth: number): tf.Tensor3D;
export function oneHot(tensorflow: typeof tf, indices: tf.Tensor, depth: number): tf.Tensor {
  if (depth === 1) return tensorflow.ones([...indices.shape, 1]);
  return tensorflow.cast(tensorflow.oneHot(indices, depth), "float32");
}
