/**
 * The norm of all gradients together, for clipping. A kernel computes the norm of one tensor; the norms are joined
 * here in float64. Not differentiable.
 */
import * as tf from "@tensorflow/tfjs";
import { checkTensor } from "../checks.ts";
import { runKernel } from "../tape.ts";

export const normName = "SwitchyardNorm";

export type NormInputs = { readonly x: tf.Tensor };

/** See `Kernels.globalNorm`; 0 for no tensors. Waits for the device. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function globalNorm(tensors: readonly tf.Tensor[]): number {
  if (tensors.length === 0) return 0;
  return tf.tidy(() => Math.hypot(...normsOf(tensors).dataSync()));
}

/** See `Kernels.globalNormScalar`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function globalNormScalar(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (tensors.length === 0) return tf.scalar(0);
  return tf.tidy(() => runKernel(normName, { differentiable: { x: normsOf(tensors) } }) as tf.Scalar);
}

/** The norm of each. */
function normsOf(tensors: readonly tf.Tensor[]): tf.Tensor {
  for (const [i, tensor] of tensors.entries()) {
    checkTensor(tensor, `globalNorm: tensors[${i}]`, { shape: tensor.shape, dtype: "float32" });
  }
  return tf.stack(tensors.map((x) => runKernel(normName, { differentiable: { x } })));
}
