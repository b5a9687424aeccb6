import * as assert from "uvu/assert";
import { duplication } from "../../../plugins/plot/duplication.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await duplication.create({}, {})).spec(runs);
const withMatrix = (matrix: unknown) =>
  makeRun({ name: "a", experts: 2, artefacts: { duplication: { "expert-cosine": matrix } } });

interface Inner {
  readonly width: number;
  readonly height: number;
  readonly encoding: { readonly color: { readonly scale: { readonly domain: readonly number[] } } };
}

suite("plot duplication", (test) => {
  test("has one square for each pair of experts", async () => {
    const values = valuesOf(
      (await specOf([
        withMatrix([
          [0.5, 0.1],
          [0.2, 0.6],
        ]),
      ]))!,
    );
    assert.equal(
      values.map(({ from, to, cosine }) => [from, to, cosine]),
      [
        [0, 0, 0.5],
        [0, 1, 0.1],
        [1, 0, 0.2],
        [1, 1, 0.6],
      ],
    );
  });

  test("leaves the square empty where an expert has no other feature to compare", async () => {
    const values = valuesOf(
      (await specOf([
        withMatrix([
          [null, 0.1],
          [0.2, null],
        ]),
      ]))!,
    );
    assert.is(values.length, 2);
  });

  test("shares one colour scale, from zero to the largest value", async () => {
    const inner = (await specOf([
      withMatrix([
        [0.5, 0.1],
        [0.2, 0.6],
      ]),
    ]))!["spec"] as Inner;
    assert.equal(inner.encoding.color.scale.domain, [0, 0.6]);
    const negative = (await specOf([
      withMatrix([
        [0.5, -0.1],
        [0.2, 0.6],
      ]),
    ]))!["spec"] as Inner;
    assert.equal(negative.encoding.color.scale.domain, [-0.1, 0.6]);
  });

  test("has a square panel for each run with several experts, one of replicates", async () => {
    const spec = (await specOf(quickstartRuns([0, 1])))!;
    assert.is((spec["usermeta"] as { panels: number }).panels, 4);
    assert.is(valuesOf(spec).length, 4 + 16 + 64 + 256);
    const inner = spec["spec"] as Inner;
    assert.is(inner.width, inner.height);
  });

  test("has nothing to show without matrices, nor of a damaged artefact", async () => {
    assert.is(await specOf([makeRun()]), undefined);
    assert.is(await specOf([withMatrix("no"), withMatrix([[1]]), withMatrix([1, 2])]), undefined);
  });

  test("compiles without a warning", async () => {
    assert.equal(compiled((await specOf(quickstartRuns()))!).warnings, []);
  });
});
