/**
 * Squared error of a reconstruction, summed over the width and averaged over rows:
 *
 *   L = 1/B * sum over b, d of (prediction[b, d] - target[b, d])^2,     dL/dprediction = 2/B (prediction - target)
 *
 * One kernel for what is four passes over [B, D] in tfjs, and eight on the way back.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import { checkTensor } from "../checks.ts";
import { runKernel } from "../tape.ts";

export const squaredErrorName = "SwitchyardSquaredError";
export const squaredErrorGradientName = "SwitchyardSquaredErrorGradient";

export type SquaredErrorInputs = { readonly prediction_BD: tf.Tensor2D; readonly target_BD: tf.Tensor2D };
export type SquaredErrorGradientInputs = SquaredErrorInputs & {
  /** The gradient of whatever is differentiated in L. */
  readonly dLoss: tf.Scalar;
};

/** See `Kernels.squaredError`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function squaredError(prediction_BD: tf.Tensor2D, target_BD: tf.Tensor2D): tf.Scalar {
  const name = "squaredError";
  checkTensor(prediction_BD, `${name}: prediction_BD`, { shape: [undefined, undefined], dtype: "float32" });
  checkTensor(target_BD, `${name}: target_BD`, { shape: prediction_BD.shape, dtype: "float32" });
  return runKernel(squaredErrorName, { differentiable: { prediction_BD, target_BD } }) as tf.Scalar;
}

/** dL/dprediction, times dLoss. Without checks, for the gradient; itself not differentiable. */
export function runSquaredErrorGradient(inputs: SquaredErrorGradientInputs): tf.Tensor2D {
  return runKernel(squaredErrorGradientName, { differentiable: inputs }) as tf.Tensor2D;
}
