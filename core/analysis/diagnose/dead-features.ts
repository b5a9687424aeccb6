/** Features that are active on no held-out row, judged only where the rows were enough to hear from each. */
import { clear, seen, unknown } from "./contracts.ts";
import type { Change, Signature } from "./contracts.ts";
import { kOf, metricOf, percent, slower } from "./run-facts.ts";
import type { RunSummary } from "../../run/run-summary.ts";

const thresholds = {
  "most-dead-fraction": {
    value: 0.1,
    why: "the paper's SAEs of 16 to 64 experts have 0 to 2 % at k >= 32; 9 to 15 % at k = 16",
  },
  "problem-fraction": {
    value: 0.5,
    why: "as at k = 8 in the paper (TopK 73 %, 16 experts 50 %), where k starves features",
  },
  "least-firings": {
    value: 10,
    why: "rows L0 / F, the firings of a feature if all were alike: of fewer, rare features are silent by chance",
  },
} as const;

export const deadFeatures: Signature = {
  name: "dead-features",
  title: "Dead features",
  thresholds,
  look: ({ run }) => {
    const dead = metricOf(run, "sparsity/dead-fraction");
    if (typeof dead !== "number") return dead;
    const rows = metricOf(run, "sparsity/dead-window-rows");
    if (typeof rows !== "number") return rows;
    if (dead <= thresholds["most-dead-fraction"].value) return clear;
    const l0 = metricOf(run, "sparsity/l0");
    if (typeof l0 !== "number") return l0;
    const firings = (rows * l0) / run.shape.features;
    // With no feature active at all, more rows would show the same.
    if (l0 > 0 && firings < thresholds["least-firings"].value) {
      return unknown(
        `rows: a feature could fire ${firings.toPrecision(2)} times on ${rows} rows, too few to call it dead; raise evaluation.rows`,
      );
    }
    return seen({
      severity: dead >= thresholds["problem-fraction"].value ? "problem" : "warning",
      summary: `${percent(dead)} of ${run.shape.features} features are active on none of ${rows} held-out rows.`,
      numbers: { "dead-fraction": dead, rows, "expected-firings": firings, l0 },
      changes: changes(run),
    });
  },
};

function changes(run: RunSummary): readonly Change[] {
  const { losses, model } = run.config;
  const found: Change[] = [];
  if (!losses.some(({ type }) => type === "aux-k")) {
    const to = [...losses, { type: "aux-k" }];
    found.push({ key: "losses", from: losses, to, why: "lets dead features learn what the others leave" });
  }
  const k = kOf(run);
  if (k !== undefined) {
    const why = "in the paper dead features fall from half at k = 8 to none at k = 48";
    found.push({ key: "model.expert.k", from: k, to: 2 * k, why });
  }
  const l1 = losses.find(({ type }) => type === "l1")?.["weight"];
  if (typeof l1 === "number" && l1 > 0) {
    found.push({ key: "losses.l1.weight", from: l1, to: l1 / 2, why: "the penalty pushes features to zero for good" });
  }
  const half = model.features / 2;
  if (Number.isInteger(half) && half % run.shape.experts === 0) {
    found.push({
      key: "model.features",
      from: model.features,
      to: half,
      why: "more features than the data needs stay silent",
    });
  }
  return [...found, ...slower(run, 2, "large steps throw features out of reach of every row")];
}
