/**
 * Grouped matrix product: every row times the block of weights of its own expert(s). Three kernels that are each
 * other's gradients, because all come from one form, linear in each of values, weights and rows:
 *
 *   L = sum over b, r, m of values[b, r, m] * (weights[e*M + m] . rows[b]),  e = expertIndices[b, r]
 *
 *   encode = dL/dvalues,  decode = dL/drows,  outer = dL/dweights
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row.
 */
import type * as tf from "@tensorflow/tfjs";
import { checkExpertCount, checkExpertIndices, checkTensor } from "../checks.ts";
import { runKernel } from "../tape.ts";

export const groupedEncodeName = "SwitchyardGroupedEncode";
export const groupedDecodeName = "SwitchyardGroupedDecode";
export const groupedOuterName = "SwitchyardGroupedOuter";

export type GroupedAttributes = {
  readonly numExperts: number;
  /** 1 where the call is part of a backward pass: a device may compute those more exactly. */
  readonly isGradient?: 1;
};
export type GroupedEncodeInputs = {
  readonly acts_BD: tf.Tensor2D;
  readonly weights_FD: tf.Tensor2D;
  readonly expertIndices_BR: tf.Tensor2D;
};
export type GroupedDecodeInputs = {
  readonly values_BRM: tf.Tensor3D;
  readonly weights_FD: tf.Tensor2D;
  readonly expertIndices_BR: tf.Tensor2D;
};
export type GroupedOuterInputs = {
  readonly values_BRM: tf.Tensor3D;
  readonly rows_BD: tf.Tensor2D;
  readonly expertIndices_BR: tf.Tensor2D;
};

/** See `Kernels.groupedEncode`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE */
export function groupedEncode(
  acts_BD: tf.Tensor2D,
  weights_FD: tf.Tensor2D,
  expertIndices_BR: tf.Tensor2D,
  numExperts: number,
): tf.Tensor3D {
  const name = "groupedEncode";
  checkTensor(acts_BD, `${name}: acts_BD`, { shape: [undefined, undefined], dtype: "float32" });
  const [rows, width] = acts_BD.shape;
  checkTensor(weights_FD, `${name}: weights_FD`, { shape: [undefined, width], dtype: "float32" });
  checkExpertCount(weights_FD.shape[0], numExperts, name);
  checkTensor(expertIndices_BR, `${name}: expertIndices_BR`, { shape: [rows, undefined], dtype: "int32" });
  checkExpertIndices(expertIndices_BR, `${name}: expertIndices_BR`, numExperts);
  return runGroupedEncode({ acts_BD, weights_FD, expertIndices_BR }, { numExperts });
}

/** See `Kernels.groupedDecode`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE */
export function groupedDecode(
  values_BRM: tf.Tensor3D,
  weights_FD: tf.Tensor2D,
  expertIndices_BR: tf.Tensor2D,
  numExperts: number,
): tf.Tensor2D {
  const name = "groupedDecode";
  checkTensor(weights_FD, `${name}: weights_FD`, { shape: [undefined, undefined], dtype: "float32" });
  const featuresPerExpert = checkExpertCount(weights_FD.shape[0], numExperts, name);
  checkTensor(expertIndices_BR, `${name}: expertIndices_BR`, { shape: [undefined, undefined], dtype: "int32" });
  const shape = [...expertIndices_BR.shape, featuresPerExpert];
  checkTensor(values_BRM, `${name}: values_BRM`, { shape, dtype: "float32" });
  checkExpertIndices(expertIndices_BR, `${name}: expertIndices_BR`, numExperts);
  return runGroupedDecode({ values_BRM, weights_FD, expertIndices_BR }, { numExperts });
}

/** Without checks, for gradients. */
export function runGroupedEncode(inputs: GroupedEncodeInputs, attrs: GroupedAttributes): tf.Tensor3D {
  const { expertIndices_BR, ...differentiable } = inputs;
  return runKernel(groupedEncodeName, { differentiable, fixed: { expertIndices_BR }, attrs }) as tf.Tensor3D;
}

/** Without checks, for gradients. */
export function runGroupedDecode(inputs: GroupedDecodeInputs, attrs: GroupedAttributes): tf.Tensor2D {
  const { expertIndices_BR, ...differentiable } = inputs;
  return runKernel(groupedDecodeName, { differentiable, fixed: { expertIndices_BR }, attrs }) as tf.Tensor2D;
}

/** out[e*M + m, :] = sum over (b, r) with expertIndices[b, r] = e of values[b, r, m] * rows[b], ascending in b. */
export function runGroupedOuter(inputs: GroupedOuterInputs, attrs: GroupedAttributes): tf.Tensor2D {
  const { expertIndices_BR, ...differentiable } = inputs;
  return runKernel(groupedOuterName, { differentiable, fixed: { expertIndices_BR }, attrs }) as tf.Tensor2D;
}
