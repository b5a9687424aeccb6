import * as assert from "uvu/assert";
import { compareRuns } from "../../../core/analysis/compare-runs.ts";
import { spreadOfPairs, withSeedSimilarity } from "../../../core/analysis/seed-similarity.ts";
import { formatComparison } from "../../../core/analysis/text-table.ts";
import type { PairSimilarity } from "../../../core/run/dictionary-similarity.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { suite } from "../../suite.ts";
import { makeRun } from "./fixtures.ts";

const seeds = (k: number, count: number): RunSummary[] =>
  Array.from({ length: count }, (_unused, seed) =>
    makeRun({ id: `${k}-${seed}`, name: `k=${k}-seed=${seed}`, axes: { "model.expert.k": k, seed } }),
  );

/** Similarity 0.k in one direction and 0.1 more in the other. */
const compare = (runs: readonly RunSummary[]): Promise<readonly PairSimilarity[]> => {
  const k = Number(/k=(\d)/.exec(runs[0]!.name)![1]);
  return Promise.resolve([{ a: runs[0]!, b: runs[1]!, aInB: k / 10, bInA: (k + 1) / 10, steps: [1, 1] }]);
};

suite("similarity of seeds", (test) => {
  test("is the mean over both directions of all pairs", () => {
    const run = makeRun();
    const pair = (aInB: number, bInA: number): PairSimilarity => ({ a: run, b: run, aInB, bInA, steps: [1, 1] });
    const spread = spreadOfPairs([pair(0.25, 0.5), pair(0.75, 0.5)])!;
    assert.equal([spread.mean, spread.count], [0.5, 4]);
    assert.ok(Math.abs(spread.deviation! - Math.sqrt(0.125 / 3)) < 1e-12);
    assert.is(spreadOfPairs([]), undefined);
  });

  test("stands in a column of its own, empty for a run without replicates", async () => {
    const comparison = compareRuns([...seeds(2, 2), ...seeds(4, 3), ...seeds(8, 1)], { metrics: ["mse"] });
    const extended = await withSeedSimilarity(comparison, compare);
    assert.equal(
      extended.columns.map(({ label }) => label),
      ["mse", "seed-mmcs"],
    );
    assert.equal(
      extended.rows.map(({ cells }) => cells[1] && [Number(cells[1].mean.toFixed(9)), cells[1].isBest]),
      [[0.25, false], [0.45, true], undefined],
    );
    assert.match(formatComparison(extended), /seed-mmcs[\s\S]*0\.4500 \+- 0\.0707\*/);
    assert.is(comparison.columns.length, 1, "the comparison itself is as it was");
  });

  test("calls nobody best of one", async () => {
    const extended = await withSeedSimilarity(compareRuns(seeds(2, 2), { metrics: ["mse"] }), compare);
    assert.is(extended.rows[0]!.cells[1]!.isBest, false);
  });
});
