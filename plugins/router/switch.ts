/**
 * The router of a Switch SAE: each row goes to the one expert that a linear softmax router finds most probable.
 *
 *   p = softmax(W_router (x - b_router)),   e* = argmax p (ties: lower index),   gate = p[e*]  (heaviside: 1)
 *
 * The gate multiplies the code, so the reconstruction's gradient reaches the router through p[e*] alone. With
 * heaviside gates only a load-balance loss trains the router.
 *
 * Shapes: B rows, D width, E experts, R = 1.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { initialiseLinearRouter, linearScores, routerBias } from "../../core/model/linear-router.ts";
import { oneHot } from "../../core/model/one-hot.ts";
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
    gate: Type.Enum(["softmax", "heaviside"], {
      default: "softmax",
      description: "softmax: the code is multiplied by the router's probability. heaviside: by 1.",
    }),
    bias: routerBias,
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts }) => ({ numExperts: experts, numSelected: 1 }),
  create: ({ experts, gate, bias }, { tf }) => ({
    initialise: ({ width }, rng) => initialiseLinearRouter({ experts, width, bias }, rng),
    route: (acts_BD, parameters) => {
      const probabilities_BE = tf.softmax<tensorflow.Tensor2D>(linearScores(tf, acts_BD, parameters));
      const chosen_B = tf.argMax<tensorflow.Tensor1D>(probabilities_BE, 1);
      return {
        expertIndices_BR: tf.expandDims(chosen_B, 1),
        gates_BR:
          gate === "softmax"
            ? tf.sum(tf.mul(probabilities_BE, oneHot(tf, chosen_B, experts)), 1, true)
            : tf.ones([acts_BD.shape[0], 1]),
        probabilities_BE,
      };
    },
  }),
});

export { switchRouter as switch };
