/**
 * The decoder's unit-norm constraint: rows divided by their norm, and gradients without their part along the row
 * (which the next normalisation would undo, but which would enter Adam's moments). Not differentiable.
 *
 * Shapes: D width, F features.
 * @see Bricken et al. 2023 (Towards Monosemanticity), appendix "Advice for training sparse autoencoders"
 */
import type * as tf from "@tensorflow/tfjs";
import { checkTensor } from "../checks.ts";
import { runKernel, runKernelWithOutputs } from "../tape.ts";

export const normaliseRowsName = "SwitchyardNormaliseRows";
export const removeParallelComponentName = "SwitchyardRemoveParallelComponent";

export type NormaliseRowsInputs = { readonly matrix_FD: tf.Variable };
export type RemoveParallelComponentInputs = {
  readonly gradient_FD: tf.Tensor2D;
  readonly matrix_FD: tf.Tensor2D;
};

/** See `Kernels.normaliseRows`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function normaliseRows(matrix_FD: tf.Variable): void {
  checkTensor(matrix_FD, "normaliseRows: matrix_FD", { shape: [undefined, undefined], dtype: "float32" });
  runKernelWithOutputs(normaliseRowsName, { differentiable: { matrix_FD } });
}

/** See `Kernels.removeParallelComponent`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function removeParallelComponent(gradient_FD: tf.Tensor2D, matrix_FD: tf.Tensor2D): tf.Tensor2D {
  const name = "removeParallelComponent";
  checkTensor(gradient_FD, `${name}: gradient_FD`, { shape: [undefined, undefined], dtype: "float32" });
  checkTensor(matrix_FD, `${name}: matrix_FD`, { shape: gradient_FD.shape, dtype: "float32" });
  return runKernel(removeParallelComponentName, { differentiable: { gradient_FD, matrix_FD } }) as tf.Tensor2D;
}
