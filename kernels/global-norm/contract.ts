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
  for (const [i, tensor] of tensors.entries()) {
    checkTensor(tensor, `globalNorm: tensors[${i}]`, { shape: tensor.shape, dtype: "float32" });
  }
  if (tensors.length === 0) return 0;
  return tf.tidy(() => {
    const norms = tensors.map((x) => runKernel(normName, { differentiable: { x } }));
    return Math.hypot(...tf.stack(norms).dataSync());
  });
}
