/**
 * Keeps experts evenly used.
 *
 *   L = E * sum_e f_e P_e
 *   f_e  share of the B * R assignments that go to expert e    (no gradient)
 *   P_e  mean router probability of expert e
 *
 * 1 when everything is uniform, E when one expert takes all. The gradient flows through P only. In the total loss the
 * value is multiplied by weight * D: the paper's alpha is meant with that factor D, beside an error summed over D.
 * A router without probabilities (`none`), or with one expert, has nothing to balance: the value is then 0.
 *
 * Shapes: B rows, D width, E experts, R experts a row.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; Fedus et al. 2021 (arXiv 2101.03961), eq. 4; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { oneHot } from "../../core/model/one-hot.ts";
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
  }),
  deps: { tf: tensorFlowRef, shape: shapeRef },
  create: ({ weight, ...options }, { tf, shape }) => ({
    weight: scheduledWeight({ ...options, weight: weight * shape.width }),
    compute: ({ routing: { expertIndices_BR, probabilities_BE } }) => {
      if (probabilities_BE === undefined || shape.experts - shape.sharedExperts === 1) return tf.scalar(0);
      const routed = shape.experts - shape.sharedExperts;
      const [rows, slots] = expertIndices_BR.shape;
      // Shared experts, which come last, see every row: there is nothing to balance.
      const chosen_BR = tf.slice(expertIndices_BR, [0, 0], [rows, slots - shape.sharedExperts]);
      const assignments_NE = oneHot(tf, tf.reshape<tensorflow.Rank.R1>(chosen_BR, [-1]), routed);
      const share_E = tf.mean<tensorflow.Tensor1D>(assignments_NE, 0);
      const probability_E = tf.mean<tensorflow.Tensor1D>(probabilities_BE, 0);
      return tf.mul<tensorflow.Scalar>(tf.sum(tf.mul(share_E, probability_E)), routed);
    },
  }),
});
