/** The gradient that a step applies: the given one, or without its component along the parameter's rows. */
import type * as tf from "@tensorflow/tfjs";
import { removeParallelComponent } from "../decoder-norm/contract.ts";
import type { AdamStepAttributes, AdamStepInputs } from "./contract.ts";

/** Runs inside the kernel's tidy. */
export function appliedGradient(
  { parameter, gradient }: AdamStepInputs,
  { acrossRows }: AdamStepAttributes,
): tf.Tensor {
  if (acrossRows === 0) return gradient;
  return removeParallelComponent(gradient as tf.Tensor2D, parameter as tf.Tensor as tf.Tensor2D);
}
