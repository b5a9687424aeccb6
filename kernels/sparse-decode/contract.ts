/**
 * Sparse decode: the weighted sum of a few dictionary rows. With sparse-gather-dot and row-sparse-accumulate it is
 * one of three kernels that are each other's gradients, all from one form, linear in values, weights and rows:
 *
 *   L = sum over b, k of values[b, k] * (weights[indices[b, k]] . rows[b])
 *
 *   sparseGatherDot = dL/dvalues,  sparseDecode = dL/drows,  rowSparseAccumulate = dL/dweights
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import { checkIndices, checkTensor } from "../checks.ts";
import { runDeferrable, runKernel } from "../tape.ts";

export const sparseDecodeName = "SwitchyardSparseDecode";

export type SparseDecodeInputs = {
  readonly indices_BK: tf.Tensor2D;
  readonly values_BK: tf.Tensor2D;
  readonly decoder_FD: tf.Tensor2D;
};

/** See `Kernels.sparseDecode`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE */
export function sparseDecode(indices_BK: tf.Tensor2D, values_BK: tf.Tensor2D, decoder_FD: tf.Tensor2D): tf.Tensor2D {
  const name = "sparseDecode";
  checkTensor(indices_BK, `${name}: indices_BK`, { shape: [undefined, undefined], dtype: "int32" });
  checkTensor(values_BK, `${name}: values_BK`, { shape: indices_BK.shape, dtype: "float32" });
  checkTensor(decoder_FD, `${name}: decoder_FD`, { shape: [undefined, undefined], dtype: "float32" });
  checkIndices(indices_BK, `${name}: indices_BK`, decoder_FD.shape[0]);
  return runKernel(sparseDecodeName, {
    differentiable: { values_BK, decoder_FD },
    fixed: { indices_BK },
  }) as tf.Tensor2D;
}

/** Without checks, for gradients; may be formed when it is read. */
export function runSparseDecode({ indices_BK, ...differentiable }: SparseDecodeInputs): tf.Tensor2D {
  return runDeferrable(sparseDecodeName, { differentiable, fixed: { indices_BK } }) as tf.Tensor2D;
}
