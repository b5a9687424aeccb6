/**
 * What routers that choose experts by scores have in common: the options that count experts, and the way from scores
 * to a routing.
 *
 *   p = softmax(s),   S = the e largest of the order (ties: lower index),   gate of a chosen expert by convention:
 *     softmax-selected   softmax of s over S; they sum to 1
 *     softmax-all        p_e of the full softmax
 *     heaviside          1; no gradient reaches the scores
 *
 * Indices are found without gradient, by repeated argmax; values are gathered through one-hot products, because tfjs'
 * topk has no gradient and backends break its ties differently.
 *
 * Shapes: B rows, E experts to choose among, R experts a row.
 * @see docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { RouterFacts, Routing } from "./contracts.ts";
import { oneHot } from "./one-hot.ts";
import { withSharedExperts } from "./shared-experts.ts";

export type GateConvention = "softmax-selected" | "softmax-all" | "heaviside";

/** The schema of a router's `experts` option. */
export const expertsOption = Type.Integer({
  minimum: 1,
  description: "Number of experts; model.features must be a multiple of it.",
});

/** The schema of the `e` option of routers that choose several experts. */
export const selectedOption = Type.Integer({
  minimum: 1,
  default: 2,
  description: "Experts selected for each row; at most `experts` less the shared ones.",
});

/** The schema of a router's `shared` option. */
export const sharedOption = Type.Integer({
  minimum: 0,
  default: 0,
  description: "How many of the experts see every row, with gate 1, beside the chosen ones.",
  "x-hash": "unless-default",
});

/** The schema of the `gate` option of routers that choose one expert. */
export const probabilityGate = Type.Enum(["softmax", "heaviside"], {
  default: "softmax",
  description: "softmax: the code is multiplied by the router's probability. heaviside: by 1.",
});

/** The convention that a `probabilityGate` stands for. */
export function ofOneExpert(gate: "softmax" | "heaviside"): GateConvention {
  return gate === "softmax" ? "softmax-all" : gate;
}

/** The schema of the `gate` option of routers that choose several experts. */
export const selectedGate = Type.Enum(["softmax", "softmax-all", "heaviside"], {
  default: "softmax",
  description:
    "softmax: an expert's code is multiplied by its share among the selected, a softmax over those. softmax-all: by " +
    "its probability among all experts. heaviside: by 1.",
});

/** The convention that a `selectedGate` stands for. */
export function ofSelectedExperts(gate: "softmax" | "softmax-all" | "heaviside"): GateConvention {
  return gate === "softmax" ? "softmax-selected" : gate;
}

export interface SelectionCounts {
  /** All, shared ones included. */
  readonly experts: number;
  /** Chosen for each row. */
  readonly e: number;
  readonly shared: number;
}

/** @throws SwitchyardError SELECTED_EXPERTS_TOO_LARGE when there are not e experts left beside the shared ones. */
export function selectionFacts({
  experts,
  e,
  shared,
}: SelectionCounts): Required<Pick<RouterFacts, "numExperts" | "numSelected" | "numShared">> {
  if (shared >= experts) {
    throw new SwitchyardError("SELECTED_EXPERTS_TOO_LARGE", `${shared} of ${experts} experts cannot all be shared.`, {
      where: "model.router.shared",
      expected: `less than ${experts}, so that there is an expert to route to`,
      received: `${shared}`,
      next: "lower shared or raise experts",
    });
  }
  const routed = experts - shared;
  if (e > routed) {
    throw new SwitchyardError("SELECTED_EXPERTS_TOO_LARGE", `A row cannot be routed to ${e} of ${routed} experts.`, {
      where: "model.router.e",
      expected: `at most ${routed}, the number of experts${shared === 0 ? "" : " that are not shared"}`,
      received: `${e}`,
      next: "lower e or raise experts",
    });
  }
  return { numExperts: experts, numSelected: e + shared, numShared: shared };
}

export interface SelectionInput {
  /** [B, E] whose softmax are the probabilities. */
  readonly logits_BE: tf.Tensor2D;
  /** Softmax of the logits. */
  readonly probabilities_BE: tf.Tensor2D;
  /** [B, E] what decides which experts are chosen: the largest are. */
  readonly order_BE: tf.Tensor2D;
  /** Experts chosen for each row. */
  readonly e: number;
  readonly gate: GateConvention;
  readonly shared: number;
}

/** Chosen experts in falling order, then the shared ones. */
export function selectExperts(tensorflow: typeof tf, input: SelectionInput): Routing {
  const { logits_BE, probabilities_BE, order_BE, e, gate, shared } = input;
  const chosen = largest(tensorflow, order_BE, e);
  const expertIndices_BR = tensorflow.stack(
    chosen.map(({ index_B }) => index_B),
    1,
  ) as tf.Tensor2D;
  const valuesOfChosen = (values_BE: tf.Tensor2D): tf.Tensor2D =>
    tensorflow.stack(
      chosen.map(({ oneHot_BE }) => tensorflow.sum(tensorflow.mul(values_BE, oneHot_BE), 1)),
      1,
    ) as tf.Tensor2D;
  const gates: Readonly<Record<GateConvention, () => tf.Tensor2D>> = {
    "softmax-selected": () => tensorflow.softmax(valuesOfChosen(logits_BE)),
    "softmax-all": () => valuesOfChosen(probabilities_BE),
    heaviside: () => tensorflow.ones([logits_BE.shape[0], e]),
  };
  const routed = logits_BE.shape[1];
  const selection = withSharedExperts(tensorflow, { expertIndices_BR, gates_BR: gates[gate]() }, { routed, shared });
  return { ...selection, probabilities_BE, logits_BE };
}

interface Choice {
  /** int32 [B] */
  readonly index_B: tf.Tensor1D;
  /** [B, E], 1 at the index */
  readonly oneHot_BE: tf.Tensor2D;
}

/** Below every score; finite, because shaders may not count on infinities. */
const taken = -3e38;

/** The e largest columns of each row, in falling order; the lower index first among equals. No gradient. */
function largest(tensorflow: typeof tf, order_BE: tf.Tensor2D, e: number): readonly Choice[] {
  const choices: Choice[] = [];
  let rest_BE = order_BE;
  while (choices.length < e) {
    const index_B = tensorflow.argMax<tf.Tensor1D>(rest_BE, 1);
    const oneHot_BE = oneHot(tensorflow, index_B, order_BE.shape[1]);
    choices.push({ index_B, oneHot_BE });
    if (choices.length === e) break;
    rest_BE = tensorflow.where(tensorflow.cast(oneHot_BE, "bool"), tensorflow.fill(order_BE.shape, taken), rest_BE);
  }
  return choices;
}
