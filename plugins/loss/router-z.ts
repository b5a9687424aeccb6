/**
 * Keeps a router's scores small, so that its softmax stays soft and its gradients alive.
 *
 *   L = mean over rows of (log sum_e exp(s_e))^2,       s the scores before the softmax
 *
 * 0 where the exponentials sum to 1; log(E)^2 for a router whose scores are all 0. With one expert to choose nothing
 * hangs on the score: the value is then 0.
 *
 * Shapes: B rows, E experts.
 * @see Zoph et al. 2022 (arXiv 2202.08906, ST-MoE), eq. 5; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { numRoutedExperts } from "../../core/model/shared-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";
import { detach } from "../../kernels/detach.ts";

export const routerZ = definePlugin({
  kind: "loss",
  name: "router-z",
  version: "1",
  summary: "Penalises large scores of the router.",
  paper: "Zoph et al. 2022 (arXiv 2202.08906), eq. 5",
  options: Type.Object(
    weightOptions(
      Type.Number({
        minimum: 0,
        description:
          "What the value is multiplied by in the total loss (0.001 in the paper, beside a cross-entropy; the error here " +
          "is summed over the width of an activation unless its form says otherwise).",
      }),
    ),
  ),
  deps: { tf: tensorFlowRef },
  create: (options, { tf }) => ({
    weight: scheduledWeight(options),
    compute: ({ routing: { logits_BE }, shape }) => {
      if (numRoutedExperts(shape) === 1) return tf.scalar(0);
      if (logits_BE === undefined) throw noLogits();
      // Taken out so that no exponential overflows; it cancels, so it needs no gradient.
      const largest_B1 = tf.max(detach(tf, logits_BE), 1, true);
      const sums_B1 = tf.sum(tf.exp(tf.sub(logits_BE, largest_B1)), 1, true);
      return tf.mean<tensorflow.Scalar>(tf.square(tf.add(tf.log(sums_B1), largest_B1)));
    },
  }),
});

function noLogits(): SwitchyardError {
  return new SwitchyardError("ROUTER_HAS_NO_LOGITS", "The router has no scores that could be kept small.", {
    where: "losses, router-z",
    expected: "the router switch, or another whose routing comes with logits_BE",
    received: "a router without",
    next: "set model.router to switch, or remove the loss router-z",
  });
}
