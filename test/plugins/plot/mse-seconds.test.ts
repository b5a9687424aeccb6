import * as assert from "uvu/assert";
import { mseSeconds } from "../../../plugins/plot/mse-seconds.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { failedRun, makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await mseSeconds.create({}, {})).spec(runs);

suite("plot mse-seconds", (test) => {
  test("multiplies the time of a step by the steps", async () => {
    const metrics = { "reconstruction/mse": 10, "cost/step-ms": 40 };
    const [value] = valuesOf((await specOf([makeRun({ steps: 50, metrics })]))!, 1);
    assert.is(value!["x"], 2);
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
