/**
 * Keeps experts evenly used.
 *
 *   switch   L = E * sum_e f_e P_e          f_e: share of the B * R assignments that go to expert e
 *   gshard   L = 1/E * sum_e f_e P_e        f_e: share of the rows whose first choice is expert e
 *
 * with P_e the mean router probability of expert e. No gradient flows through f. Uniform routing gives 1 (gshard:
 * 1/E^2), one expert that takes all gives E (gshard: 1/E): with one choice a row the forms differ by the factor E^2
 * alone, so a gshard weight is E^2 times a switch weight for the same push.
 *
 * In the total loss the value is multiplied by weight * D: the paper's alpha is meant with that factor D, beside an
 * error summed over D. A router without probabilities (`none`), or with one expert to choose, has nothing to balance:
 * the value is then 0. Shared experts see every row: E counts the routed ones, and so does R.
 *
 * Shapes: B rows, D width, E experts, R experts a row.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; Fedus et al. 2021 (arXiv 2101.03961), eq. 4; Lepikhin et al.
 *   2020 (arXiv 2006.16668), algorithm 1; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { oneHot } from "../../core/model/one-hot.ts";
import { numRoutedExperts, ofChosenExperts } from "../../core/model/shared-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { shapeRef, tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";

export const loadBalance = definePlugin({
  kind: "loss",
  name: "load-balance",
  version: "1",
  summary: "Penalises uneven use of experts; 1 at perfect balance.",
  paper: "Mudide et al. 2024 (arXiv 2410.08201), section 3",
  options: Type.Object({
    ...weightOptions(
      Type.Number({
        minimum: 0,
        default: 3,
        description: "The paper's alpha. The value is multiplied by weight * D, D being the width of an activation.",
      }),
    ),
    form: Type.Enum(["switch", "gshard"], {
      default: "switch",
      description:
        "switch: E times the sum over experts of the share of assignments times the mean probability; 1 at balance. " +
        "gshard: 1/E times the sum of the share of first choices times the mean probability; 1/E^2 at balance.",
      "x-hash": "unless-default",
    }),
  }),
  deps: { tf: tensorFlowRef, shape: shapeRef },
  create: ({ weight, form, ...options }, { tf, shape }) => ({
    weight: scheduledWeight({ ...options, weight: weight * shape.width }),
    compute: ({ routing: { expertIndices_BR, probabilities_BE } }) => {
      const routed = numRoutedExperts(shape);
      if (probabilities_BE === undefined || routed === 1) return tf.scalar(0);
      const chosen_BR = ofChosenExperts(tf, expertIndices_BR, shape);
      const counted = form === "switch" ? chosen_BR : tf.slice(chosen_BR, [0, 0], [chosen_BR.shape[0], 1]);
      const assignments_NE = oneHot(tf, tf.reshape<tensorflow.Rank.R1>(counted, [-1]), routed);
      const share_E = tf.mean<tensorflow.Tensor1D>(assignments_NE, 0);
      const probability_E = tf.mean<tensorflow.Tensor1D>(probabilities_BE, 0);
      return tf.mul<tensorflow.Scalar>(tf.sum(tf.mul(share_E, probability_E)), form === "switch" ? routed : 1 / routed);
    },
  }),
});
