/**
 * The decoder's constraint composed of tfjs operations.
 *
 * Shapes: D width, F features.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import {
  normaliseRowsName,
  removeParallelComponentName,
  type NormaliseRowsInputs,
  type RemoveParallelComponentInputs,
} from "./contract.ts";

export const decoderNormReference: readonly KernelVersion[] = [
  referenceVersion(normaliseRowsName, ({ matrix_FD }: NormaliseRowsInputs) => {
    matrix_FD.assign(unitRows(matrix_FD));
    return [];
  }),
  referenceVersion(removeParallelComponentName, ({ gradient_FD, matrix_FD }: RemoveParallelComponentInputs) => {
    const unit_FD = unitRows(matrix_FD);
    return tf.sub(gradient_FD, tf.mul(tf.sum(tf.mul(gradient_FD, unit_FD), 1, true), unit_FD));
  }),
];

/** Rows divided by their norm; a zero row stays zero. */
function unitRows(matrix_FD: tf.Tensor): tf.Tensor {
  const norms_F1 = tf.sqrt(tf.sum(tf.square(matrix_FD), 1, true));
  return tf.div(matrix_FD, tf.where(tf.greater(norms_F1, 0), norms_F1, tf.onesLike(norms_F1)));
}
