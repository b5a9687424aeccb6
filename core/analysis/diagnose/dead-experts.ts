/** Experts that no held-out row reaches: their share of the dictionary is paid for and never used. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Signature } from "./contracts.ts";
import { balancingChanges } from "./routing-balance.ts";
import { fewerExperts, metricOf, percent } from "./run-facts.ts";

const thresholds = {
  "most-dead-experts": { value: 0, why: "every one is F/E features that are stored, moved and never used" },
  "least-rows-per-expert": {
    value: 20,
    why: "a balanced expert misses all of 20 times E rows with a probability of about exp(-20); of fewer rows silence says little",
  },
  "problem-share": {
    value: 0.25,
    why: "a quarter of the experts dead is a smaller SAE than the one that was asked for",
  },
} as const;

export const deadExperts: Signature = {
  name: "dead-experts",
  title: "Dead experts",
  thresholds,
  look: ({ run }) => {
    const { experts } = run.shape;
    if (experts < 2) return clear;
    const dead = metricOf(run, "routing/dead-experts");
    if (typeof dead !== "number") return dead;
    if (dead <= thresholds["most-dead-experts"].value) return clear;
    const rows = run.metrics["sparsity/dead-window-rows"] ?? run.config.evaluation.rows;
    if (rows < thresholds["least-rows-per-expert"].value * experts) {
      return unknown(`rows: ${rows} evaluated rows are too few for ${experts} experts; raise evaluation.rows`);
    }
    const share = dead / experts;
    return seen({
      severity: share >= thresholds["problem-share"].value ? "problem" : "warning",
      summary: `${dead} of ${experts} experts (${percent(share)}) get none of ${rows} held-out rows.`,
      numbers: { "dead-experts": dead, experts, rows },
      changes: [...balancingChanges(run), ...fewerExperts(run, "fewer experts get more rows each")],
    });
  },
};
