/**
 * k so near to the features that a row can choose from that top-k chooses nearly all of them: the SAE is then hardly
 * sparse in the blocks it uses, and its MSE at that k says little about sparse codes.
 */
import type { RunSummary } from "../../run/run-summary.ts";
import { clear, seen } from "./contracts.ts";
import type { Change, Signature } from "./contracts.ts";
import { fewerExperts, kOf } from "./run-facts.ts";

const thresholds = {
  "most-share": {
    value: 0.6,
    why: "the paper's 128 experts have 192 features each: at k = 128 (0.67) only 162 are positive before top-k, so k hardly binds; at k = 96 (0.5) it does",
  },
  "problem-share": { value: 0.95, why: "at k = 192 of 192 top-k removes nothing at all (190.9 positives)" },
} as const;

export const unboundK: Signature = {
  name: "unbound-k",
  title: "k does not bind",
  thresholds,
  look: ({ run }) => {
    const k = kOf(run);
    if (k === undefined) return clear;
    const { featuresPerExpert, selectedExperts } = run.shape;
    const reachable = featuresPerExpert * selectedExperts;
    const share = k / reachable;
    if (share < thresholds["most-share"].value) return clear;
    return seen({
      severity: share >= thresholds["problem-share"].value ? "problem" : "warning",
      summary: `k = ${k} of the ${reachable} features that a row can use: top-k hardly chooses.`,
      numbers: { k, "reachable-features": reachable, share },
      changes: changes(run, k, reachable),
    });
  },
};

function changes(run: RunSummary, k: number, reachable: number): readonly Change[] {
  const { features } = run.config.model;
  const lower = Math.max(1, Math.floor(reachable / 3));
  const wider = features * Math.ceil((3 * k) / reachable);
  return [
    ...(lower < k ? [{ key: "model.expert.k", from: k, to: lower, why: "a third of what a row can use" }] : []),
    ...fewerExperts(run, "larger experts leave top-k something to choose from"),
    { key: "model.features", from: features, to: wider, why: "larger experts, at the cost of a larger dictionary" },
  ];
}
