/**
 * Encode top-k: pre-activations of the routed blocks, ReLU, and the k largest of each row, in one kernel, so that the
 * [B, M] pre-activations live only a tile at a time.
 *
 * The order is total, so that all devices select the same features: larger gate * ReLU(pre-activation) first, in
 * float32; among equals the lower index first. With one expert a row the gate orders nothing and is not read, so a
 * gate that underflows to zero does not scramble the selection.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, K active features a row.
 * @see Gao et al. 2024 (arXiv 2406.04093), section 2.3
 */
import type * as tf from "@tensorflow/tfjs";
import { checkExpertCount, checkExpertIndices, checkNonNegative, checkTensor } from "../checks.ts";
import { KernelError } from "../kernel-error.ts";
import type { EncodeTopKInput, EncodeTopKOutput } from "../kernels.ts";
import { detachOutput, runKernelWithOutputs } from "../tape.ts";

export const encodeTopKName = "SwitchyardEncodeTopK";

export type EncodeTopKTensors = {
  readonly acts_BD: tf.Tensor2D;
  readonly encoder_FD: tf.Tensor2D;
  /** Absent: no bias. */
  readonly encoderBias_F?: tf.Tensor1D;
  readonly expertIndices_BR: tf.Tensor2D;
  readonly gates_BR: tf.Tensor2D;
};
export type EncodeTopKAttributes = { readonly numExperts: number; readonly k: number };

/**
 * See `Kernels.encodeTopK`.
 * @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_INDEX_RANGE, KERNEL_VALUE_RANGE, KERNEL_K_RANGE
 */
export function encodeTopK(input: EncodeTopKInput): EncodeTopKOutput {
  checkInput(input);
  const { acts_BD, encoder_FD, encoderBias_F, expertIndices_BR, gates_BR, numExperts, k } = input;
  const outputs = runKernelWithOutputs(encodeTopKName, {
    differentiable: { acts_BD, encoder_FD, ...(encoderBias_F === undefined ? {} : { encoderBias_F }) },
    fixed: { expertIndices_BR, gates_BR },
    attrs: { numExperts, k },
  });
  const [indices_BK, values_BK, slots_BK] = outputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return { indices_BK: detachOutput(indices_BK), values_BK, slots_BK: detachOutput(slots_BK) };
}

function checkInput(input: EncodeTopKInput): void {
  const { acts_BD, encoder_FD, encoderBias_F, expertIndices_BR, gates_BR, numExperts, k } = input;
  const name = "encodeTopK";
  checkTensor(acts_BD, `${name}: acts_BD`, { shape: [undefined, undefined], dtype: "float32" });
  const [rows, width] = acts_BD.shape;
  checkTensor(encoder_FD, `${name}: encoder_FD`, { shape: [undefined, width], dtype: "float32" });
  const features = encoder_FD.shape[0];
  if (encoderBias_F !== undefined) {
    checkTensor(encoderBias_F, `${name}: encoderBias_F`, { shape: [features], dtype: "float32" });
  }
  const featuresPerExpert = checkExpertCount(features, numExperts, name);
  checkTensor(expertIndices_BR, `${name}: expertIndices_BR`, { shape: [rows, undefined], dtype: "int32" });
  checkTensor(gates_BR, `${name}: gates_BR`, { shape: expertIndices_BR.shape, dtype: "float32" });
  checkK(k, expertIndices_BR.shape[1] * featuresPerExpert);
  checkExpertIndices(expertIndices_BR, `${name}: expertIndices_BR`, numExperts);
  checkNonNegative(gates_BR, `${name}: gates_BR`);
}

function checkK(k: number, reachable: number): void {
  if (Number.isInteger(k) && k >= 1 && k <= reachable) return;
  throw new KernelError("KERNEL_K_RANGE", "k is not between 1 and the features that a row can reach.", {
    where: "encodeTopK: k",
    expected: `an integer from 1 to ${reachable} (R * M: experts a row times features an expert)`,
    received: String(k),
    next: "Choose a smaller k, more features, fewer experts, or more experts a row.",
  });
}
