/**
 * One Adam update of one parameter and its two moments, by a gradient that may be scaled on the way.
 *
 *   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps)
 *
 * Epsilon stands outside the square root and after the bias correction, as in PyTorch (torch.optim.Adam); TensorFlow
 * and tf.train.adam place it otherwise, which differs while v is small. Not differentiable.
 *
 * @see Kingma and Ba 2015 (arXiv 1412.6980), algorithm 1
 */
import type * as tf from "@tensorflow/tfjs";
import { checkCount, checkTensor } from "../checks.ts";
import { KernelError } from "../kernel-error.ts";
import type { AdamHyperparameters } from "../kernels.ts";
import { runKernelWithOutputs } from "../tape.ts";

export const adamStepName = "SwitchyardAdamStep";

export type AdamStepInputs = {
  readonly parameter: tf.Variable;
  readonly gradient: tf.Tensor;
  readonly first: tf.Variable;
  readonly second: tf.Variable;
  readonly gradientScale?: tf.Scalar | undefined;
};

/** What a step needs of the hyperparameters, the bias corrections taken out of the loop (in float64). */
export type AdamStepAttributes = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** lr / (1 - b1^t) */
  readonly stepSize: number;
  /** 1 / sqrt(1 - b2^t) */
  readonly rootCorrection: number;
  /** 1: the gradient first loses its component along the parameter's rows. 0: not. */
  readonly acrossRows: number;
};

/** See `Kernels.adamStep`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_VALUE_RANGE */
export function adamStep(
  parameter: tf.Variable,
  gradient: tf.Tensor,
  moments: { readonly first: tf.Variable; readonly second: tf.Variable },
  hyperparameters: AdamHyperparameters,
): void {
  const { first, second } = moments;
  const shape = hyperparameters.acrossRows === true ? [parameter.shape[0], parameter.shape[1]] : parameter.shape;
  checkTensor(parameter, "adamStep: parameter", { shape, dtype: "float32" });
  checkTensor(gradient, "adamStep: gradient", { shape, dtype: "float32" });
  checkTensor(first, "adamStep: moments.first", { shape, dtype: "float32" });
  checkTensor(second, "adamStep: moments.second", { shape, dtype: "float32" });
  const { learningRate, beta1, beta2, epsilon, step, gradientScale } = hyperparameters;
  if (gradientScale !== undefined)
    checkTensor(gradientScale, "adamStep: gradientScale", { shape: [], dtype: "float32" });
  checkRange(learningRate, "learningRate", Number.MAX_VALUE);
  checkRange(beta1, "beta1", 1);
  checkRange(beta2, "beta2", 1);
  checkRange(epsilon, "epsilon", Number.MAX_VALUE);
  checkCount(step, "adamStep: step");
  const attrs: AdamStepAttributes = {
    beta1,
    beta2,
    epsilon,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection: 1 / Math.sqrt(1 - beta2 ** step),
    acrossRows: hyperparameters.acrossRows === true ? 1 : 0,
  };
  const scale = gradientScale === undefined ? {} : { gradientScale };
  runKernelWithOutputs(adamStepName, { differentiable: { parameter, gradient, first, second, ...scale }, attrs });
}

function checkRange(value: number, name: string, limit: number): void {
  if (value >= 0 && value < limit) return;
  throw new KernelError("KERNEL_VALUE_RANGE", "A hyperparameter of Adam is out of range.", {
    where: `adamStep: ${name}`,
    expected: limit === 1 ? "at least 0 and below 1" : "at least 0 and finite",
    received: String(value),
  });
}
