import * as assert from "uvu/assert";
import { mseL0 } from "../../../plugins/plot/mse-l0.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { failedRun, makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await mseL0.create({}, {})).spec(runs);

suite("plot mse-l0", (test) => {
  test("puts active features a row on x", async () => {
    const values = valuesOf((await specOf(quickstartRuns()))!, 1);
    assert.equal(
      values.map(({ x }) => x),
      quickstartRuns().map(({ metrics }) => metrics["sparsity/l0"]),
    );
  });

  test("joins the runs of one architecture over k", async () => {
    const runs = [8, 16, 32, 64].flatMap((k) =>
      [1, 4, 8].map((experts) =>
        makeRun({
          name: `k=${k}-experts=${experts}`,
          k,
          experts,
          metrics: { "reconstruction/mse": 100 / k + experts, "sparsity/l0": k },
        }),
      ),
    );
    const line = valuesOf((await specOf(runs))!, 0);
    assert.equal(
      line.filter(({ series }) => series === "dense").map(({ x }) => x),
      [8, 16, 32, 64],
    );
  });

  test("puts the MSE on y and leaves out runs that have none", async () => {
    const runs = [...quickstartRuns(), failedRun()];
    const values = valuesOf((await specOf(runs))!, 1);
    assert.equal(
      values.map(({ y }) => y),
      quickstartRuns().map(({ metrics }) => metrics["reconstruction/mse"]),
    );
  });

  test("has nothing to show before a run is evaluated", async () => {
    assert.is(await specOf([makeRun()]), undefined);
  });

  test("compiles without a warning", async () => {
    assert.equal(compiled((await specOf(quickstartRuns([0, 1])))!).warnings, []);
  });
});
