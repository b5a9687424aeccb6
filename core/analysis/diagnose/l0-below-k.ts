/** Rows have fewer positive pre-activations than k, so that top-k fills up with zeros: the code is smaller than asked. */
import { clear, seen } from "./contracts.ts";
import type { Change, Signature } from "./contracts.ts";
import { fewerExperts, kOf, metricOf, slower } from "./run-facts.ts";

const thresholds = {
  "least-share": {
    value: 0.95,
    why: "every SAE of the paper has more positives than k but one (k = 192 of 192: 190.9, 0.99)",
  },
  "problem-share": { value: 0.5, why: "half of the code that was asked for is missing, so the run is none of that k" },
} as const;

export const l0BelowK: Signature = {
  name: "l0-below-k",
  title: "L0 below k",
  thresholds,
  look: ({ run }) => {
    const k = kOf(run);
    if (k === undefined) return clear;
    const l0 = metricOf(run, "sparsity/l0");
    if (typeof l0 !== "number") return l0;
    const share = l0 / k;
    if (share >= thresholds["least-share"].value) return clear;
    const lower = Math.max(1, Math.floor(l0));
    const changes: Change[] = [
      ...(lower < k ? [{ key: "model.expert.k", from: k, to: lower, why: "what the rows really use" }] : []),
      ...fewerExperts(run, "larger experts have more features to be positive"),
      ...slower(run, 2, "features that were thrown far off are positive on no row"),
    ];
    return seen({
      severity: share < thresholds["problem-share"].value ? "problem" : "warning",
      summary: `A row has ${l0.toPrecision(3)} active features, not k = ${k}: fewer are positive than top-k may take.`,
      numbers: { l0, k, share },
      changes,
    });
  },
};
