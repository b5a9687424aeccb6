import * as assert from "uvu/assert";
import { expertLoad } from "../../../plugins/plot/expert-load.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await expertLoad.create({}, {})).spec(runs);
const withLoad = (load: unknown, name = "a") => makeRun({ name, experts: 2, artefacts: { routing: { load } } });

suite("plot expert-load", (test) => {
  test("shows every expert's load relative to an equal share", async () => {
    const values = valuesOf((await specOf([withLoad([0.75, 0.25])]))!);
    assert.equal(
      values.map(({ expert, share, relative }) => [expert, share, relative]),
      [
        [0, 0.75, 1.5],
        [1, 0.25, 0.5],
      ],
    );
  });

  test("has a panel for each run with several experts, in the order of the runs", async () => {
    const spec = (await specOf(quickstartRuns()))!;
    const names = [2, 4, 8, 16].map((experts) => `router=switch-experts=${experts}`);
    assert.equal((spec["facet"] as { sort: string[] }).sort, names);
    assert.is(valuesOf(spec).length, 2 + 4 + 8 + 16);
    assert.is((spec["usermeta"] as { panels: number }).panels, 4);
  });

  test("shows the first seed of replicates", async () => {
    const values = valuesOf((await specOf(quickstartRuns([0, 1, 2])))!);
    assert.is(values.length, 2 + 4 + 8 + 16);
  });

  test("draws the line of equal shares at 1", async () => {
    const inner = (await specOf([withLoad([0.5, 0.5])]))!["spec"] as {
      layer: { encoding: { y: { datum?: number } } }[];
    };
    assert.is(inner.layer[1]!.encoding.y.datum, 1);
  });

  test("has nothing to show without routed runs, nor of a damaged artefact", async () => {
    assert.is(await specOf([makeRun()]), undefined);
    assert.is(await specOf([withLoad([1])]), undefined);
    assert.is(await specOf([withLoad("heavy"), withLoad(null), withLoad({})]), undefined);
  });

  test("compiles without a warning", async () => {
    assert.equal(compiled((await specOf(quickstartRuns()))!).warnings, []);
  });
});
