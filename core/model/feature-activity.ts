/**
 * For every feature, how many training steps ago it was last active: what "dead" is decided by. A feature is active
 * when its value in the code is not zero; being selected with a zero value does not count.
 *
 *   since_f <- 0 where some row of the batch has f_f != 0, else since_f + 1
 *
 * Steps are counted rather than rows, because float32 counts steps exactly to 2^24; rows are steps times B.
 * Shapes: B rows, F features, E experts, M = F/E features an expert, R experts a row, N = B * R.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import { detach } from "../../kernels/detach.ts";
import type { BlockCode, Code, ModelShape, SparseCode } from "./contracts.ts";
import { oneHot } from "./one-hot.ts";

/** Name of the buffer. */
export const stepsSinceActive = "steps_since_active";

export interface ActivityInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly shape: ModelShape;
  readonly code: Code;
  /** [F] before this step. */
  readonly before_F: tf.Tensor1D;
}

/** @returns [F] after this step; no gradient. */
export function nextStepsSinceActive({ tf: tensorflow, kernels, shape, code, before_F }: ActivityInput): tf.Tensor1D {
  const sums =
    code.kind === "sparse" ? sumSparse(tensorflow, kernels, code, shape) : sumBlocks(tensorflow, code, shape);
  const sums_F = tensorflow.reshape<tf.Rank.R1>(sums, [shape.features]);
  return tensorflow.where(tensorflow.greater(sums_F, 0), tensorflow.zerosLike(before_F), tensorflow.add(before_F, 1));
}

/** [F, 1] sum of each feature's absolute values: 0 exactly where it is not active. */
function sumSparse(
  tensorflow: typeof tf,
  kernels: Kernels,
  { indices_BK, values_BK }: SparseCode,
  { features }: ModelShape,
): tf.Tensor {
  const ones_B1 = tensorflow.ones<tf.Rank.R2>([indices_BK.shape[0], 1]);
  const sizes_BK = tensorflow.abs<tf.Tensor2D>(detach(tensorflow, values_BK));
  return kernels.rowSparseAccumulate(detach(tensorflow, indices_BK), sizes_BK, ones_B1, features);
}

/** The same as [E, M], through the transposed one-hot matrix of experts. */
function sumBlocks(tensorflow: typeof tf, { expertIndices_BR, values_BRM }: BlockCode, shape: ModelShape): tf.Tensor {
  const { experts, featuresPerExpert } = shape;
  const sizes_NM = tensorflow.reshape<tf.Rank.R2>(tensorflow.abs(detach(tensorflow, values_BRM)), [
    -1,
    featuresPerExpert,
  ]);
  if (experts === 1) return tensorflow.sum(sizes_NM, 0);
  const experts_NE = oneHot(
    tensorflow,
    tensorflow.reshape<tf.Rank.R1>(detach(tensorflow, expertIndices_BR), [-1]),
    experts,
  );
  return tensorflow.matMul(tensorflow.transpose(experts_NE), sizes_NM);
}
