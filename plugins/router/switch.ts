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
import { Type } from "typebox";
import { createScoreRouter, oneExpertOptions } from "../../core/model/score-router.ts";
import { ofOneExpert, selectionFacts } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

const switchRouter = definePlugin({
  kind: "router",
  name: "switch",
  version: "1",
  summary: "Sends every row to its most probable expert; the probability multiplies the code.",
  paper: "Mudide et al. 2024 (arXiv 2410.08201), section 3",
  options: Type.Object(oneExpertOptions),
  deps: { tf: tensorFlowRef },
  facts: ({ experts, shared }) => selectionFacts({ experts, e: 1, shared }),
  create: ({ gate, ...options }, { tf }) =>
    createScoreRouter(
      tf,
      { ...options, e: 1, gate: ofOneExpert(gate) },
      { order: ({ probabilities_BE }) => probabilities_BE },
    ),
});

export { switchRouter as switch };
