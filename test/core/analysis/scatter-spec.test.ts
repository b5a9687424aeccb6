import * as assert from "uvu/assert";
import { mseAxis, scatterSpec } from "../../../core/analysis/scatter-spec.ts";
import { suite } from "../../suite.ts";
import { makeRun, quickstartRuns } from "./fixtures.ts";
import { compiled, valuesOf } from "./vega.ts";

const flops = {
  title: "FLOPs",
  format: "~s",
  valueOf: (run: { metrics: Readonly<Record<string, number>> }) => run.metrics["f"],
};

function runAt(f: number | undefined, mse: number, name = `${f ?? "none"}`) {
  return makeRun({ name, metrics: { "reconstruction/mse": mse, ...(f === undefined ? {} : { f }) } });
}

suite("scatterSpec", (test) => {
  test("has one point for each run with both values", () => {
    const spec = scatterSpec({
      runs: [runAt(1, 4), runAt(2, 3), runAt(undefined, 2)],
      x: flops,
      y: mseAxis,
      line: "front",
    })!;
    assert.equal(
      valuesOf(spec, 1).map(({ run, x, y }) => [run, x, y]),
      [
        ["1", 1, 4],
        ["2", 2, 3],
      ],
    );
  });

  test("its line joins the Pareto front only", () => {
    const runs = [runAt(1, 4), runAt(2, 5), runAt(3, 2)];
    const spec = scatterSpec({ runs, x: flops, y: mseAxis, line: "front" })!;
    assert.equal(
      valuesOf(spec, 0).map(({ x }) => x),
      [1, 3],
    );
    const series = scatterSpec({ runs, x: flops, y: mseAxis, line: "series" })!;
    assert.equal(
      valuesOf(series, 0).map(({ x }) => x),
      [1, 2, 3],
    );
  });

  test("leaves out what a logarithmic axis cannot hold", () => {
    const spec = scatterSpec({ runs: [runAt(0, 4), runAt(-1, 4), runAt(2, 4)], x: flops, y: mseAxis, line: "front" })!;
    assert.equal(
      valuesOf(spec, 1).map(({ x }) => x),
      [2],
    );
  });

  test("has nothing to show without values", () => {
    assert.is(scatterSpec({ runs: [], x: flops, y: mseAxis, line: "front" }), undefined);
    assert.is(scatterSpec({ runs: [makeRun()], x: flops, y: mseAxis, line: "front" }), undefined);
  });

  test("leaves room around the points, also when they are all one", () => {
    for (const runs of [[runAt(16, 4)], [runAt(16, 4), runAt(16, 4)], [runAt(1, 1), runAt(1000, 30)]]) {
      const spec = scatterSpec({ runs, x: flops, y: mseAxis, line: "front" })!;
      const layer = spec["layer"] as { encoding: { x: { scale: { domain: [number, number] } } } }[];
      const [low, high] = layer[0]!.encoding.x.scale.domain;
      const xs = runs.map((run) => run.metrics["f"]!);
      assert.ok(low < Math.min(...xs) && high > Math.max(...xs) && low > 0);
    }
  });

  test("compiles without a warning", () => {
    const x = {
      ...flops,
      valueOf: (run: { metrics: Readonly<Record<string, number>> }) => run.metrics["cost/flops-per-row"],
    };
    const spec = scatterSpec({ runs: quickstartRuns(), x, y: mseAxis, line: "front" })!;
    assert.equal(compiled(spec).warnings, []);
  });
});
