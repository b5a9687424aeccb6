/**
 * Penalises the number of active features of a row, through the straight-through gradient of an expert with trained
 * thresholds (jump-relu).
 *
 *   L0 = mean over rows of the number of active features
 *   L  = L0                        without a target: grows with every active feature
 *   L  = (L0 / target - 1)^2       with one: pulls towards it from both sides
 *
 * Symbols: L0 carries a gradient into the thresholds only (plugins/expert/jump-relu.ts), target is the option.
 * @see Rajamanoharan et al. 2024 (arXiv 2407.14435), section 3; saprmarks/dictionary_learning trainers/jumprelu.py
 *   for the form with a target; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";

export const l0 = definePlugin({
  kind: "loss",
  name: "l0",
  version: "1",
  summary: "Number of active features of a row, or its distance from a target; for jump-relu.",
  paper: "Rajamanoharan et al. 2024 (arXiv 2407.14435), section 3",
  options: Type.Object({
    ...weightOptions(
      Type.Number({ minimum: 0, default: 1, description: "What the value is multiplied by in the total loss." }),
    ),
    target: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
      default: null,
      description: "Active features of a row to aim at; null: as few as the weight asks for.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ target, ...options }, { tf }) => ({
    weight: scheduledWeight(options),
    compute: ({ code: { activeCounts_B } }) => {
      if (activeCounts_B === undefined) throw noCounts();
      const mean = tf.mean<tensorflow.Scalar>(activeCounts_B);
      return target === null ? mean : tf.square(tf.sub(tf.div(mean, target), 1));
    },
  }),
});

function noCounts(): SwitchyardError {
  return new SwitchyardError("CODE_HAS_NO_TRAIT", "The number of active features has no gradient.", {
    where: "losses, l0",
    expected: "the expert jump-relu, or another whose code comes with activeCounts_B",
    received: "an expert without",
    next: "set model.expert to jump-relu, or use the loss l1",
  });
}
