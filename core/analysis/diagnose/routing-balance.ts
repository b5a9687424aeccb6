/**
 * How many experts a router really uses, for the signatures that judge it.
 *
 *   effective = exp(entropy of the load)                       E when balanced, R when every row takes the same R
 *   balance   = (effective - R) / (E - R)                      1 when balanced, 0 when collapsed
 *
 * E experts to choose among, R of them a row. Shared experts, which see every row, are no choice and have no load.
 */
import type { RunSummary } from "../../run/run-summary.ts";
import type { Change, Look } from "./contracts.ts";
import { clear } from "./contracts.ts";
import { lossWeightOf, metricOf, sharedExpertsOf, slower } from "./run-facts.ts";

export interface RoutingBalance {
  /** [0, 1] */
  readonly balance: number;
  readonly effectiveExperts: number;
  /** Times its share. */
  readonly maxLoad: number;
}

/** Of a run with a choice to make; else what to answer instead. */
export function routingBalance(run: RunSummary): RoutingBalance | Look {
  const shared = sharedExpertsOf(run);
  const [experts, selected] = [run.shape.experts - shared, run.shape.selectedExperts - shared];
  // Where every expert sees every row there is nothing to balance.
  if (experts <= selected || experts < 2) return clear;
  const entropy = metricOf(run, "routing/entropy");
  if (typeof entropy !== "number") return entropy;
  const maxLoad = metricOf(run, "routing/max-load");
  if (typeof maxLoad !== "number") return maxLoad;
  const effectiveExperts = Math.exp(entropy);
  const balance = (effectiveExperts - selected) / (experts - selected);
  return { balance: Math.min(Math.max(balance, 0), 1), effectiveExperts, maxLoad };
}

/** The paper's weight, at which all of its routers were balanced to 2 %. */
const paperWeight = 3;

export function balancingChanges(run: RunSummary): readonly Change[] {
  const changes: Change[] = [];
  const weight = lossWeightOf(run, "load-balance");
  const key = "losses.load-balance.weight";
  if (weight === undefined) {
    const to = [...run.config.losses, { type: "load-balance", weight: paperWeight }];
    changes.push({ key: "losses", from: run.config.losses, to, why: "nothing asks the router for balance" });
  } else if (weight < 1) {
    const why = "from weight 1 to 100 the paper's routers are balanced; at 0.3 they are not yet, at 0 half is idle";
    changes.push({ key, from: weight, to: paperWeight, why });
  } else {
    changes.push({ key, from: weight, to: 10 * weight, why: "MSE is flat in it up to 100 in the paper's sweep" });
  }
  if (run.config.model.router["gate"] === "heaviside") {
    const why = "with heaviside gates no gradient of the reconstruction reaches the router";
    changes.push({ key: "model.router.gate", from: "heaviside", to: "softmax", why });
  }
  return [...changes, ...slower(run, 4, "a router that jumps early leaves experts without rows to learn from")];
}
