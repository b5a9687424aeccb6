/**
 * Keeps experts equally important: the gates that they receive over a batch sum to the same.
 *
 *   I_e = sum over rows of the gate of expert e          (0 for rows that are not sent to it)
 *   L   = CV(I)^2 = var(I) / mean(I)^2                   variance over the E experts, divided by E
 *
 * 0 when all are equally important, E - 1 when one expert takes all. The gradient flows through the gates, so gates
 * that are 1 (`gate: heaviside`) have none. With one expert to choose the value is 0. Shared experts do not count: their
 * gate is always 1.
 *
 * Shapes: B rows, E experts, R experts a row, N = B * R.
 * @see Shazeer et al. 2017 (arXiv 1701.06538), eq. 6 and 7; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { oneHot } from "../../core/model/one-hot.ts";
import { numRoutedExperts, ofChosenExperts } from "../../core/model/shared-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";

/** Where every gate is 0 nothing is uneven: the variance is 0 too. */
const smallestSquaredMean = 1e-30;

export const importance = definePlugin({
  kind: "loss",
  name: "importance",
  version: "1",
  summary: "Penalises uneven sums of gates over experts; 0 at perfect balance.",
  paper: "Shazeer et al. 2017 (arXiv 1701.06538), eq. 6 and 7",
  options: Type.Object(
    weightOptions(
      Type.Number({
        minimum: 0,
        description:
          "What the value is multiplied by in the total loss, beside an error that is summed over the width of an " +
          "activation unless its form says otherwise.",
      }),
    ),
  ),
  deps: { tf: tensorFlowRef },
  create: (options, { tf }) => ({
    weight: scheduledWeight(options),
    compute: ({ routing, shape }) => {
      const routed = numRoutedExperts(shape);
      if (routed === 1) return tf.scalar(0);
      const flat = (tensor_BR: tensorflow.Tensor2D): tensorflow.Tensor1D =>
        tf.reshape<tensorflow.Rank.R1>(ofChosenExperts(tf, tensor_BR, shape), [-1]);
      const chosen_NE = oneHot(tf, flat(routing.expertIndices_BR), routed);
      const importance_E = tf.sum<tensorflow.Tensor1D>(tf.mul(chosen_NE, tf.expandDims(flat(routing.gates_BR), 1)), 0);
      const mean = tf.mean(importance_E);
      const variance = tf.mean(tf.square(tf.sub(importance_E, mean)));
      return tf.div<tensorflow.Scalar>(variance, tf.maximum(tf.square(mean), smallestSquaredMean));
    },
  }),
});
