/**
 * Which metrics a table shows, and what is known of each without loading its evaluator. Users may write the part of a
 * name behind the slash where that is enough.
 */
import type { MetricDescription } from "../evaluation/contracts.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { RunSummary } from "../run/run-summary.ts";

export interface MetricColumn {
  /** `<evaluator>/<metric>` */
  readonly metric: string;
  /** The part behind the slash; the full name where another column has the same one. */
  readonly label: string;
  readonly summary?: string;
  readonly unit?: string;
  readonly better?: "lower" | "higher";
}

/** What tables show when nothing else is asked for. */
export const defaultMetrics: readonly string[] = [
  "reconstruction/mse",
  "reconstruction/fvu",
  "sparsity/l0",
  "language-model/loss-recovered",
  "cost/flops-per-row",
  "cost/step-ms",
];

const lower = { better: "lower" } as const;
const higher = { better: "higher" } as const;

/** The metrics of the evaluators that come with Switchyard, in short; docs/metrics.md has the formulas. */
const known: Readonly<Record<string, MetricDescription>> = {
  "reconstruction/mse": { summary: "Squared error summed over the width, mean over rows", ...lower },
  "reconstruction/fvu": { summary: "Fraction of variance unexplained; 1 is predicting the mean", ...lower },
  "reconstruction/cosine": { summary: "Mean cosine of activation and reconstruction", ...higher },
  "sparsity/l0": { summary: "Active features a row" },
  "sparsity/dead-fraction": { summary: "Share of features that never fired on the evaluated rows", ...lower },
  "language-model/loss-recovered": { summary: "1: as good as the original model; 0: as bad as zeros", ...higher },
  "language-model/loss-recovered-mean": { summary: "As loss-recovered, set against the mean activation", ...higher },
  "language-model/kl-score": { summary: "Share of zero ablation's divergence avoided; 1 is perfect", ...higher },
  "language-model/kl-sae": { summary: "Divergence from the original model", unit: "nats/token", ...lower },
  "language-model/delta-ce": { summary: "Cross-entropy added by the reconstructions", unit: "nats/token", ...lower },
  "routing/normalised-entropy": { summary: "Entropy of the load over experts; 1 when balanced", ...higher },
  "routing/max-load": { summary: "Load of the busiest expert times E; 1 when balanced", ...lower },
  "routing/load-cv": { summary: "Coefficient of variation of the load; 0 when balanced", ...lower },
  "routing/churn": { summary: "Share of rows that went elsewhere in the last tenth of the training", ...lower },
  "routing/dead-experts": { summary: "Experts that no evaluated row reached", ...lower },
  "duplication/duplicates": { summary: "Share of features with a near-copy in the dictionary", ...lower },
  "duplication/effective-features": {
    summary: "Features left when near-copies are merged",
    unit: "features",
    ...higher,
  },
  "cost/flops-per-row": { summary: "Accounted FLOPs of one row, as the paper counts", unit: "FLOP", ...lower },
  "cost/training-flops": { summary: "Accounted FLOPs of the whole training", unit: "FLOP", ...lower },
  "cost/measured-flops-per-row": { summary: "FLOPs of one row, counted at the kernels", unit: "FLOP", ...lower },
  "cost/step-ms": { summary: "Median wall-clock of a training step", unit: "ms", ...lower },
  "cost/rows-per-second": { summary: "Rows trained on per second", unit: "rows/s", ...higher },
  "cost/peak-memory-mb": { summary: "Largest resident set of the process", unit: "MB", ...lower },
  "cost/parameters": { summary: "Trainable numbers", unit: "parameters" },
  "recovery/mean-max-cosine": { summary: "Mean largest cosine of a true feature to a decoder row", ...higher },
  "recovery/recovered": { summary: "Share of true features found", ...higher },
};

/** Every metric that any of the runs has, in order of first appearance. */
export function metricsOf(runs: readonly RunSummary[]): readonly string[] {
  return [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))];
}

/** @param descriptions Metrics of evaluators that this room does not know, by full name. */
export function describeColumns(
  metrics: readonly string[],
  descriptions: Readonly<Record<string, MetricDescription>> = {},
): readonly MetricColumn[] {
  const shortNames = metrics.map(shortName);
  return metrics.map((metric, i) => {
    const short = shortName(metric);
    const isUnique = shortNames.every((other, j) => other !== short || i === j);
    return { metric, label: isUnique ? short : metric, ...known[metric], ...descriptions[metric] };
  });
}

/**
 * The full name of a metric that a user wrote in full or in short.
 * @throws SwitchyardError UNKNOWN_METRIC with the nearest name, AMBIGUOUS_METRIC when several evaluators have it.
 */
export function resolveMetric(name: string, available: readonly string[]): string {
  if (available.includes(name)) return name;
  const matches = available.filter((metric) => shortName(metric) === name);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  if (matches.length > 1) {
    throw new SwitchyardError("AMBIGUOUS_METRIC", `"${name}" may mean several metrics.`, {
      expected: "a full name, <evaluator>/<metric>",
      received: `"${name}"`,
      next: `Write one of: ${matches.join(", ")}.`,
    });
  }
  const nearest = nearestName(name, [...available, ...available.map(shortName)]);
  throw new SwitchyardError("UNKNOWN_METRIC", `There is no metric "${name}" in these runs.`, {
    expected: `one of ${available.length === 0 ? "(no run has metrics yet)" : available.join(", ")}`,
    received: `"${name}"`,
    ...(nearest === undefined ? {} : { next: `Did you mean "${nearest}"?` }),
  });
}

function shortName(metric: string): string {
  return metric.slice(metric.lastIndexOf("/") + 1);
}
