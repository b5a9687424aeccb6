/** The logged reconstruction loss of a run, and its medians over parts of the training: single steps are noisy. */
import type { RunSummary } from "../../run/run-summary.ts";

export interface LossCurve {
  readonly numPoints: number;
  /** Median of the points in (from, to], as shares of the last logged step; NaN when there are none. */
  between(from: number, to: number): number;
  /** The smallest median of ten equal parts. */
  readonly lowest: number;
}

/** Fewer points say nothing about a trend: two a tenth of the training. */
export const leastPoints = 20;

/** The loss `reconstruction` where the run has it, else the total. Points that are not finite are left out. */
export function lossCurve({ steps }: Pick<RunSummary, "steps">): LossCurve {
  const points = steps
    .map(({ step, loss, losses }) => ({ step, loss: losses["reconstruction"] ?? loss }))
    .filter(({ loss }) => Number.isFinite(loss));
  const last = points.at(-1)?.step ?? 0;
  const between = (from: number, to: number): number =>
    median(points.filter(({ step }) => step > from * last && step <= to * last).map(({ loss }) => loss));
  const parts = Array.from({ length: 10 }, (_unused, i) => between(i / 10, (i + 1) / 10));
  return { numPoints: points.length, between, lowest: Math.min(...parts.filter(Number.isFinite)) };
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
