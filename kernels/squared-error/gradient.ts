/** Gradient of the squared error: the same in both operands, with the sign turned. */
import type * as tf from "@tensorflow/tfjs";
import { runSquaredErrorGradient, squaredErrorName } from "./contract.ts";

export const squaredErrorGradient: tf.GradConfig = {
  kernelName: squaredErrorName,
  inputsToSave: ["prediction_BD", "target_BD"],
  gradFunc: (dy, saved) => {
    const dLoss = dy as tf.Scalar;
    const [prediction_BD, target_BD] = saved as [tf.Tensor2D, tf.Tensor2D];
    return {
      prediction_BD: () => runSquaredErrorGradient({ prediction_BD, target_BD, dLoss }),
      target_BD: () => runSquaredErrorGradient({ prediction_BD: target_BD, target_BD: prediction_BD, dLoss }),
    };
  },
};
