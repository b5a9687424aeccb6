/**
 * Sparse gather-dot: the dot product of every row with each of its K dictionary rows; the gradient of a code's values.
 * See sparse-decode/contract.ts for the form that ties the three sparse kernels together.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import { checkIndices, checkTensor } from "../checks.ts";
import { runKernel } from "../tape.ts";

export const sparseGatherDotName = "SwitchyardSparseGatherDot";

export type SparseGatherDotInputs = {
  readonly indices_BK: tf.Tensor2D;
  readonly weights_FD: tf.Tensor2D;
  readonly rows_BD: tf.Tensor2D;
};

/** See `Kernels.sparseGatherDot`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE */
export function sparseGatherDot(indices_BK: tf.Tensor2D, weights_FD: tf.Tensor2D, rows_BD: tf.Tensor2D): tf.Tensor2D {
  const name = "sparseGatherDot";
  checkTensor(indices_BK, `${name}: indices_BK`, { shape: [undefined, undefined], dtype: "int32" });
  checkTensor(weights_FD, `${name}: weights_FD`, { shape: [undefined, undefined], dtype: "float32" });
  const shape = [indices_BK.shape[0], weights_FD.shape[1]];
  checkTensor(rows_BD, `${name}: rows_BD`, { shape, dtype: "float32" });
  checkIndices(indices_BK, `${name}: indices_BK`, weights_FD.shape[0]);
  return runSparseGatherDot({ indices_BK, weights_FD, rows_BD });
}

/** Without checks, for gradients. */
export function runSparseGatherDot({ indices_BK, ...differentiable }: SparseGatherDotInputs): tf.Tensor2D {
  return runKernel(sparseGatherDotName, { differentiable, fixed: { indices_BK } }) as tf.Tensor2D;
}
