/** The gradient that a step applies: the given one, scaled, and without its component along the parameter's rows. */
import * as tf from "@tensorflow/tfjs";
import { removeParallelComponent } from "../decoder-norm/contract.ts";
import type { AdamStepAttributes, AdamStepInputs } from "./contract.ts";

/** Runs inside the kernel's tidy. */
export function appliedGradient(inputs: AdamStepInputs, { acrossRows }: AdamStepAttributes): tf.Tensor {
  const gradient = scaledGradient(inputs);
  if (acrossRows === 0) return gradient;
  return removeParallelComponent(gradient as tf.Tensor2D, inputs.parameter as tf.Tensor as tf.Tensor2D);
}

/** Runs inside the kernel's tidy. */
export function scaledGradient({ gradient, gradientScale }: AdamStepInputs): tf.Tensor {
  return gradientScale === undefined ? gradient : tf.mul(gradient, gradientScale);
}
