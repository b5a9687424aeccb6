/**
 * Routes each row to its e best experts, gated by a softmax over those; one top-k then chooses among all their features.
 *
 *   s = ReLU(W (x - b_gate) + c),   S = the e largest of s (ties: lower index),   gate = softmax of s over S
 *
 * Indices are found without gradient, by repeated argmax; values are gathered through one-hot products, because tfjs'
 * topk has no gradient and backends break its ties differently.
 * NOTE(deviation): the reference takes whatever order std::nth_element leaves tied scores in; scores clipped to 0 tie
 * often. Here the lower index wins, on every device.
 *
 * Shapes: B rows, D width, E experts, R = e experts a row.
 * @see amudide/switch_sae trainers/moe.py; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { initialiseLinearRouter, linearScores, routerBias } from "../../core/model/linear-router.ts";
import { oneHot } from "../../core/model/one-hot.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const topE = definePlugin({
  kind: "router",
  name: "top-e",
  version: "1",
  summary: "Sends every row to its e best experts, weighted by a softmax over the selected scores.",
  paper: "amudide/switch_sae, trainers/moe.py; Shazeer et al. 2017 (arXiv 1701.06538), section 2.1, without noise",
  options: Type.Object({
    experts: Type.Integer({ minimum: 1, description: "Number of experts; model.features must be a multiple of it." }),
    e: Type.Integer({ minimum: 1, default: 2, description: "Experts selected for each row; at most `experts`." }),
    gate: Type.Enum(["softmax", "heaviside"], {
      default: "softmax",
      description: "softmax: an expert's code is multiplied by its share among the selected. heaviside: by 1.",
    }),
    bias: routerBias,
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts, e }) => {
    checkSelection(experts, e);
    return { numExperts: experts, numSelected: e };
  },
  create: ({ experts, e, gate, bias }, { tf }) => {
    checkSelection(experts, e);
    return {
      initialise: ({ width }, rng) => {
        const { weight, ...inputBias } = initialiseLinearRouter({ experts, width, bias }, rng);
        return { weight, score_bias: { shape: [experts], values: new Float32Array(experts) }, ...inputBias };
      },
      route: (acts_BD, parameters) => {
        const products_BE = linearScores(tf, acts_BD, parameters);
        const scores_BE = tf.relu<tensorflow.Tensor2D>(
          tf.add(products_BE, parameters["score_bias"] as tensorflow.Tensor1D),
        );
        const chosen = largest(tf, scores_BE, e);
        const selected_BR = tf.stack(
          chosen.map(({ oneHot_BE }) => tf.sum(tf.mul(scores_BE, oneHot_BE), 1)),
          1,
        ) as tensorflow.Tensor2D;
        return {
          expertIndices_BR: tf.stack(
            chosen.map(({ index_B }) => index_B),
            1,
          ) as tensorflow.Tensor2D,
          gates_BR: gate === "softmax" ? tf.softmax(selected_BR) : tf.onesLike(selected_BR),
          probabilities_BE: tf.softmax(scores_BE),
          logits_BE: scores_BE,
        };
      },
    };
  },
});

interface Choice {
  /** int32 [B] */
  readonly index_B: tensorflow.Tensor1D;
  /** [B, E], 1 at the index */
  readonly oneHot_BE: tensorflow.Tensor2D;
}

/** The e largest columns of each row, in falling order; the lower index first among equals. No gradient. */
function largest(tf: typeof tensorflow, scores_BE: tensorflow.Tensor2D, e: number): readonly Choice[] {
  const experts = scores_BE.shape[1];
  let rest_BE = scores_BE;
  return Array.from({ length: e }, () => {
    const index_B = tf.argMax<tensorflow.Tensor1D>(rest_BE, 1);
    const oneHot_BE = oneHot(tf, index_B, experts);
    rest_BE = tf.where(tf.cast(oneHot_BE, "bool"), tf.fill(scores_BE.shape, -1), rest_BE);
    return { index_B, oneHot_BE };
  });
}

function checkSelection(experts: number, e: number): void {
  if (e <= experts) return;
  throw new SwitchyardError("SELECTED_EXPERTS_TOO_LARGE", `A row cannot be routed to ${e} of ${experts} experts.`, {
    where: "model.router.e",
    expected: `at most ${experts}, the number of experts`,
    received: `${e}`,
    next: "lower e or raise experts",
  });
}
