/** The squared error composed of tfjs operations. */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import {
  squaredErrorGradientName,
  squaredErrorName,
  type SquaredErrorGradientInputs,
  type SquaredErrorInputs,
} from "./contract.ts";

export const squaredErrorReference: readonly KernelVersion[] = [
  referenceVersion(squaredErrorName, ({ prediction_BD, target_BD }: SquaredErrorInputs) =>
    tf.mean(tf.sum(tf.square(tf.sub(prediction_BD, target_BD)), 1)),
  ),
  referenceVersion(squaredErrorGradientName, ({ prediction_BD, target_BD, dLoss }: SquaredErrorGradientInputs) =>
    tf.mul(tf.sub(prediction_BD, target_BD), tf.mul(dLoss, 2 / prediction_BD.shape[0])),
  ),
];
