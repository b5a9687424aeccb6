/**
 * The router of a Switch SAE: each row goes to the one expert that a linear softmax router finds most probable.
 *
 *   p = softmax(W_router (x - b_router)),   e* = argmax p (ties: lower index),   gate = p[e*]  (heaviside: 1)
 *
 * The gate multiplies the code, so the reconstruction's gradient reaches the router through p[e*] alone. With
 * heaviside gates only a load-balance loss trains the router.
 *
 * With S shared experts, the last S of the E see every row, with gate 1; the router chooses among the E - S others.
 *
 * Shapes: B rows, D width, E experts, S shared experts, R = 1 + S.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { initialiseLinearRouter, linearScores, routerBias } from "../../core/model/linear-router.ts";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { oneHot } from "../../core/model/one-hot.ts";
import { withSharedExperts } from "../../core/model/shared-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

const switchRouter = definePlugin({
  kind: "router",
  name: "switch",
  version: "1",
  summary: "Sends every row to its most probable expert; the probability multiplies the code.",
  paper: "Mudide et al. 2024 (arXiv 2410.08201), section 3",
  options: Type.Object({
    experts: Type.Integer({ minimum: 1, description: "Number of experts; model.features must be a multiple of it." }),
    shared: Type.Integer({
      minimum: 0,
      default: 0,
      description: "How many of the experts see every row, with gate 1, beside the chosen one.",
      "x-hash": "unless-default",
    }),
    gate: Type.Enum(["softmax", "heaviside"], {
      default: "softmax",
      description: "softmax: the code is multiplied by the router's probability. heaviside: by 1.",
    }),
    bias: routerBias,
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts, shared }) => {
    checkShared(experts, shared);
    return { numExperts: experts, numSelected: 1 + shared, numShared: shared };
  },
  create: ({ experts, shared, gate, bias }, { tf }) => {
    checkShared(experts, shared);
    const routed = experts - shared;
    return {
      initialise: ({ width }, rng) => initialiseLinearRouter({ experts: routed, width, bias }, rng),
      route: (acts_BD, parameters) => {
        const logits_BE = linearScores(tf, acts_BD, parameters);
        const probabilities_BE = tf.softmax<tensorflow.Tensor2D>(logits_BE);
        const chosen_B = tf.argMax<tensorflow.Tensor1D>(probabilities_BE, 1);
        const gates_B1 =
          gate === "softmax"
            ? tf.sum<tensorflow.Tensor2D>(tf.mul(probabilities_BE, oneHot(tf, chosen_B, routed)), 1, true)
            : tf.ones<tensorflow.Rank.R2>([acts_BD.shape[0], 1]);
        const chosen = { expertIndices_BR: tf.expandDims<tensorflow.Tensor2D>(chosen_B, 1), gates_BR: gates_B1 };
        return { ...withSharedExperts(tf, chosen, { routed, shared }), probabilities_BE, logits_BE };
      },
    };
  },
});

function checkShared(experts: number, shared: number): void {
  if (shared < experts) return;
  throw new SwitchyardError("SELECTED_EXPERTS_TOO_LARGE", `${shared} of ${experts} experts cannot all be shared.`, {
    where: "model.router.shared",
    expected: `less than ${experts}, so that there is an expert to route to`,
    received: `${shared}`,
    next: "lower shared or raise experts",
  });
}

export { switchRouter as switch };
