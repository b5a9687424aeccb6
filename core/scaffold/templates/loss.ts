/**
 * Absolute error of the reconstruction. Say here what yours measures, and why.
 *
 *   L = mean over rows of sum_d |x - x_hat|
 *
 * Shapes: B rows, D width.
 */
import { definePlugin, tensorFlowRef, Type } from "../../index.ts";

export const exampleLoss = definePlugin({
  kind: "loss",
  name: "example-loss",
  version: "1",
  summary: "Absolute error, summed over the dimensions of an activation and averaged over rows.",
  options: Type.Object({
    weight: Type.Number({ minimum: 0, default: 1, description: "What the value is multiplied by in the total loss." }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ weight }, { tf }) => ({
    weight: () => weight,
    compute: ({ acts_BD, reconstruction_BD }) => {
      const error_B = tf.sum(tf.abs(tf.sub(reconstruction_BD, acts_BD)), 1);
      return tf.mean(error_B).asScalar();
    },
  }),
});
