import * as assert from "uvu/assert";
import { lossCurves } from "../../../plugins/plot/loss-curves.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[], maxPoints = 300) =>
  (await lossCurves.create({ maxPoints }, {})).spec(runs);

function runWithLosses(losses: readonly number[]): RunSummary {
  return makeRun({
    log: losses.map((reconstruction, i) => ({
      step: i + 1,
      rows: (i + 1) * 1024,
      loss: reconstruction + 100,
      losses: { reconstruction },
      learningRate: 1e-3,
      gradientNorm: 1,
      stepMs: 5,
    })),
  });
}

suite("plot loss-curves", (test) => {
  test("shows the reconstruction loss, not the sum of all losses", async () => {
    const spec = await specOf([runWithLosses([9, 5, 3])]);
    assert.equal(
      valuesOf(spec!).map(({ loss }) => loss),
      [9, 5, 3],
    );
    assert.equal(
      valuesOf(spec!).map(({ rows }) => rows),
      [1024, 2048, 3072],
    );
  });

  test("falls back to the whole loss of runs without a reconstruction loss", async () => {
    const run = runWithLosses([9]);
    const spec = await specOf([{ ...run, steps: run.steps.map((step) => ({ ...step, losses: {} })) }]);
    assert.equal(
      valuesOf(spec!).map(({ loss }) => loss),
      [109],
    );
  });

  test("thins long curves evenly and keeps both ends", async () => {
    const spec = await specOf([runWithLosses(Array.from({ length: 1000 }, (_unused, i) => 2000 - i))], 10);
    const steps = valuesOf(spec!).map(({ step }) => step as number);
    assert.is(steps.length, 10);
    assert.is(steps[0], 1);
    assert.is(steps.at(-1), 1000);
    const gaps = steps.slice(1).map((step, i) => step - steps[i]!);
    assert.ok(Math.max(...gaps) - Math.min(...gaps) <= 1, gaps.join(" "));
  });

  test("leaves out steps whose loss a logarithm cannot take", async () => {
    const spec = await specOf([runWithLosses([4, Number.NaN, 0, Number.POSITIVE_INFINITY, 2])]);
    assert.equal(
      valuesOf(spec!).map(({ step }) => step),
      [1, 5],
    );
  });

  test("cuts off the start, so that the ends of the curves can be told apart", async () => {
    const spec = await specOf([runWithLosses([4000, 100, 20, 12, 10])]);
    const { y, x } = spec!["encoding"] as { y: { scale: { domain: number[] } }; x: { scale: { domainMin: number } } };
    assert.equal(y.scale.domain, [10 * 0.97, 80]);
    assert.is(x.scale.domainMin, 3 * 1024, "the first step within the range");
  });

  test("draws each replicate by itself in the colour of its row", async () => {
    const runs = quickstartRuns([0, 1]);
    const values = valuesOf((await specOf(runs))!);
    assert.is(new Set(values.map(({ run }) => run)).size, 10);
    assert.is(new Set(values.map(({ series }) => series)).size, 5);
  });

  test("has nothing to show before the first logged step", async () => {
    assert.is(await specOf([makeRun()]), undefined);
    assert.is(await specOf([]), undefined);
  });

  test("compiles without a warning", async () => {
    assert.equal(compiled((await specOf(quickstartRuns()))!).warnings, []);
  });
});
