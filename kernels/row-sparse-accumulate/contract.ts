/**
 * Row-sparse accumulate: adds scaled rows into a dictionary-shaped gradient. See sparse-decode/contract.ts for the
 * form that ties the three sparse kernels together.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import { checkCount, checkIndices, checkTensor } from "../checks.ts";
import { runDeferrable, runKernel } from "../tape.ts";

export const rowSparseAccumulateName = "SwitchyardRowSparseAccumulate";

export type RowSparseAccumulateInputs = {
  readonly indices_BK: tf.Tensor2D;
  readonly coefficients_BK: tf.Tensor2D;
  readonly rows_BD: tf.Tensor2D;
};
export type RowSparseAccumulateAttributes = { readonly numFeatures: number };

/** See `Kernels.rowSparseAccumulate`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE */
export function rowSparseAccumulate(
  indices_BK: tf.Tensor2D,
  coefficients_BK: tf.Tensor2D,
  rows_BD: tf.Tensor2D,
  numFeatures: number,
): tf.Tensor2D {
  const name = "rowSparseAccumulate";
  checkTensor(indices_BK, `${name}: indices_BK`, { shape: [undefined, undefined], dtype: "int32" });
  checkTensor(coefficients_BK, `${name}: coefficients_BK`, { shape: indices_BK.shape, dtype: "float32" });
  checkTensor(rows_BD, `${name}: rows_BD`, { shape: [indices_BK.shape[0], undefined], dtype: "float32" });
  checkCount(numFeatures, `${name}: numFeatures`);
  checkIndices(indices_BK, `${name}: indices_BK`, numFeatures);
  return runKernel(rowSparseAccumulateName, {
    differentiable: { coefficients_BK, rows_BD },
    fixed: { indices_BK },
    attrs: { numFeatures },
  }) as tf.Tensor2D;
}

/** Without checks, for gradients; may be formed when it is read. */
export function runRowSparseAccumulate(
  { indices_BK, ...differentiable }: RowSparseAccumulateInputs,
  attrs: RowSparseAccumulateAttributes,
): tf.Tensor2D {
  return runDeferrable(rowSparseAccumulateName, { differentiable, fixed: { indices_BK }, attrs }) as tf.Tensor2D;
}
