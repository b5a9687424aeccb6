/**
 * The similarity of replicates as a column beside their metrics. What is compared are dictionaries, and whoever reads
 * those hands the comparison in: this room draws no number from a tensor.
 */
import type { PairSimilarity } from "../run/dictionary-similarity.ts";
import type { RunSummary } from "../run/run-summary.ts";
import type { Comparison } from "./compare-runs.ts";
import type { MetricColumn } from "./metric-columns.ts";
import { spreadOfValues } from "./replicates.ts";
import type { Spread } from "./replicates.ts";

export const seedSimilarityColumn: MetricColumn = {
  metric: "similarity/seed-mmcs",
  label: "seed-mmcs",
  summary: "Mean largest cosine of a decoder row to those of the same run under another seed",
  better: "higher",
};

/** Mean and spread of both directions of all pairs; undefined without pairs. */
export function spreadOfPairs(pairs: readonly PairSimilarity[]): Spread | undefined {
  return spreadOfValues(pairs.flatMap(({ aInB, bInA }) => [aInB, bInA]));
}

/** @param compare Compares every two of the runs of a row; asked for rows of several runs alone. */
export async function withSeedSimilarity(
  comparison: Comparison,
  compare: (runs: readonly RunSummary[]) => Promise<readonly PairSimilarity[]>,
): Promise<Comparison> {
  const spreads: (Spread | undefined)[] = [];
  for (const { runs } of comparison.rows) {
    spreads.push(runs.length < 2 ? undefined : spreadOfPairs(await compare(runs)));
  }
  const means = spreads.flatMap((spread) => spread?.mean ?? []);
  const best = new Set(means).size < 2 ? undefined : Math.max(...means);
  return {
    ...comparison,
    columns: [...comparison.columns, seedSimilarityColumn],
    rows: comparison.rows.map((row, i) => {
      const spread = spreads[i];
      return { ...row, cells: [...row.cells, spread && { ...spread, isBest: spread.mean === best }] };
    }),
  };
}
