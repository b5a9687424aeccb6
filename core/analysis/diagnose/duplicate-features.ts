/**
 * Features that say the same as another. Between experts that is the price of routing a row to few of them: each expert
 * has to learn for itself what rows of several need. Within an expert it is a dictionary too large for its rows.
 */
import type { RunSummary } from "../../run/run-summary.ts";
import { clear, seen } from "./contracts.ts";
import type { Change, Severity, Signature } from "./contracts.ts";
import { fewerExperts, metricOf, percent } from "./run-facts.ts";

const thresholds = {
  "note-share": { value: 0.05, why: "the paper finds 5 to 10 % of its Switch SAEs' features duplicated" },
  "warning-share": { value: 0.1, why: "more than the paper found in any of its SAEs" },
  "problem-share": { value: 0.25, why: "a quarter of the dictionary adds no direction" },
} as const;

export const duplicateFeatures: Signature = {
  name: "duplicate-features",
  title: "Duplicate features",
  thresholds,
  look: ({ run }) => {
    const share = metricOf(run, "duplication/duplicates");
    if (typeof share !== "number") return share;
    if (share < thresholds["note-share"].value) return clear;
    const same = run.metrics["duplication/same-expert"] ?? share;
    const cross = run.metrics["duplication/cross-expert"] ?? 0;
    const where =
      run.shape.experts === 1
        ? "in the one dictionary"
        : `${percent(cross)} have their copy in another expert, ${percent(same)} in their own`;
    return seen({
      severity: severityOf(share),
      summary: `${percent(share)} of the features are near-copies of another; ${where}.`,
      numbers: { duplicates: share, "same-expert": same, "cross-expert": cross },
      changes: cross > same ? acrossExperts(run) : withinExperts(run),
    });
  },
};

function severityOf(share: number): Severity {
  if (share >= thresholds["problem-share"].value) return "problem";
  return share >= thresholds["warning-share"].value ? "warning" : "note";
}

function acrossExperts(run: RunSummary): readonly Change[] {
  const why = "with fewer experts fewer have to learn what all rows share";
  const { router } = run.config.model;
  const changes = [...fewerExperts(run, why)];
  if (router.type === "switch") {
    const to = { type: "top-e", experts: router["experts"], selected: 2 };
    changes.push({ key: "model.router", from: router, to, why: "a row that sees two experts shares what both know" });
  }
  return changes;
}

function withinExperts(run: RunSummary): readonly Change[] {
  const { features } = run.config.model;
  const half = features / 2;
  if (!Number.isInteger(half) || half % run.shape.experts !== 0) return [];
  return [
    { key: "model.features", from: features, to: half, why: "the data has fewer directions than the dictionary" },
  ];
}
