/**
 * Routes each row to its e best experts, gated by a softmax over those; one top-k then chooses among all their features.
 *
 *   s = ReLU(W (x - b_gate) + c),   S = the e largest of s (ties: lower index),   gate = softmax of s over S
 *
 * That is the authors' moe.py. `scores: linear` leaves out the ReLU, which lets several experts tie at 0 and stops
 * their gradients. `gate: softmax-all` takes the probabilities among all experts instead, as `switch` does: with e = 1
 * the softmax over the selected is the constant 1.
 *
 * NOTE(deviation): the reference takes whatever order std::nth_element leaves tied scores in; scores clipped to 0 tie
 * often. Here the lower index wins, on every device.
 *
 * With S shared experts, the last S of the E see every row, with gate 1; the router chooses among the E - S others.
 *
 * Shapes: B rows, D width, E experts, S shared experts, R = e + S experts a row.
 * Symbols: W `router.weight`, b_gate `router.input_bias`, c `router.score_bias`.
 * @see amudide/switch_sae trainers/moe.py; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { linearScores } from "../../core/model/linear-router.ts";
import { createScoreRouter, severalExpertsOptions } from "../../core/model/score-router.ts";
import { ofSelectedExperts, selectionFacts } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const topE = definePlugin({
  kind: "router",
  name: "top-e",
  version: "1",
  summary: "Sends every row to its e best experts, weighted by a softmax over the selected scores.",
  paper: "amudide/switch_sae, trainers/moe.py; Shazeer et al. 2017 (arXiv 1701.06538), section 2.1, without noise",
  options: Type.Object({
    ...severalExpertsOptions,
    scores: Type.Enum(["relu", "linear"], {
      default: "relu",
      description: "relu: scores are clipped at 0 (what the authors' code does). linear: they are not.",
      "x-hash": "unless-default",
    }),
  }),
  deps: { tf: tensorFlowRef },
  facts: (options) => selectionFacts(options),
  create: ({ gate, scores, ...options }, { tf }) =>
    createScoreRouter(
      tf,
      { ...options, gate: ofSelectedExperts(gate) },
      {
        own: ({ experts }) => ({ score_bias: { shape: [experts], values: new Float32Array(experts) } }),
        logits: (acts_BD, parameters) => {
          const products_BE = linearScores(tf, acts_BD, parameters);
          const sums_BE = tf.add<tensorflow.Tensor2D>(products_BE, parameters["score_bias"] as tensorflow.Tensor1D);
          return scores === "relu" ? tf.relu(sums_BE) : sums_BE;
        },
      },
    ),
});
