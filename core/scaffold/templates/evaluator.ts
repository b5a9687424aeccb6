/**
 * Mean absolute error over the held-out rows. Say here what yours measures, and why.
 *
 * Shapes: B rows of a batch, D width.
 */
import { definePlugin, tensorFlowRef, Type, type Evaluator } from "../../index.ts";

export const exampleEvaluator = definePlugin({
  kind: "evaluator",
  name: "example-evaluator",
  version: "1",
  summary: "Mean absolute error of the reconstruction.",
  options: Type.Object({}),
  deps: { tf: tensorFlowRef },
  create: (_options, { tf }): Evaluator => ({
    // Stored as example-evaluator/mae.
    metrics: { mae: { summary: "Mean over rows and dimensions of |x - x_hat|.", better: "lower" } },
    begin: () => {
      let sum = 0;
      let count = 0;
      return {
        // Sums in float64 on this side: the result must not depend on how the rows are split into batches.
        observe: async ({ acts_BD, reconstruction_BD }) => {
          const errors_BD = tf.tidy(() => tf.abs(tf.sub(reconstruction_BD, acts_BD)));
          for (const error of await errors_BD.data()) sum += error;
          count += errors_BD.size;
          errors_BD.dispose();
        },
        finish: () => ({ metrics: { mae: sum / count } }),
      };
    },
  }),
});
