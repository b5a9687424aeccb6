import * as assert from "uvu/assert";
import { mseFlops } from "../../../plugins/plot/mse-flops.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { failedRun, makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await mseFlops.create({}, {})).spec(runs);

suite("plot mse-flops", (test) => {
  test("multiplies the FLOPs of a row by the rows trained on", async () => {
    const metrics = { "reconstruction/mse": 10, "cost/flops-per-row": 1000 };
    const [value] = valuesOf((await specOf([makeRun({ steps: 50, metrics })]))!, 1);
    assert.is(value!["x"], 1000 * 50 * 1024);
    assert.is(value!["y"], 10);
  });

  test("gives 16 experts a sixteenth of the dense FLOPs", async () => {
    const values = valuesOf((await specOf(quickstartRuns()))!, 1);
    assert.is((values[0]!["x"] as number) / (values[4]!["x"] as number), 16);
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
