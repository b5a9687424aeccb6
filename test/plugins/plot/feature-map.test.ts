import * as assert from "uvu/assert";
import { featureMap } from "../../../plugins/plot/feature-map.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import { makeRun } from "../../core/analysis/fixtures.ts";
import { compiled, valuesOf } from "../../core/analysis/vega.ts";
import { suite } from "../../suite.ts";

const specOf = async (runs: readonly RunSummary[]) => (await featureMap.create({}, {})).spec(runs);

const map = {
  features: [0, 3, 5],
  experts: [0, 0, 1],
  encoder: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  decoder: [
    [-1, -2],
    [-3, -4],
    [-5, -6],
  ],
};
const withMap = (name: string, value: unknown, seed?: number): RunSummary =>
  makeRun({ name, id: `${name}${seed ?? ""}`, experts: 2, artefacts: { geometry: { map: value } } });

suite("plot feature-map", (test) => {
  test("has a point for each sampled feature in a panel of encoder rows and one of decoder rows", async () => {
    const spec = (await specOf([withMap("a", map)]))!;
    const values = valuesOf(spec);
    assert.equal(
      values.map(({ panel, x, y, expert, feature }) => [panel, x, y, expert, feature]),
      [
        ["a: encoder", 1, 2, 0, 0],
        ["a: encoder", 3, 4, 0, 3],
        ["a: encoder", 5, 6, 1, 5],
        ["a: decoder", -1, -2, 0, 0],
        ["a: decoder", -3, -4, 0, 3],
        ["a: decoder", -5, -6, 1, 5],
      ],
    );
    assert.equal(spec["usermeta"], { panels: 2, panelWidth: 230, panelMargin: 24, panelsTogether: 2 });
  });

  test("gives every expert a colour of its own, the same in both panels", async () => {
    const values = valuesOf((await specOf([withMap("a", map)]))!);
    const colours = values.map(({ colour }) => colour);
    assert.is(new Set(colours).size, 2);
    assert.is(colours[0], colours[1]);
    assert.equal(colours.slice(0, 3), colours.slice(3));
  });

  test("has nothing to show without a map, nor of a damaged artefact", async () => {
    assert.is(await specOf([makeRun()]), undefined);
    const damaged = [
      ...["no", null, {}, { ...map, experts: [0] }, { ...map, encoder: [[1], [2], [3]] }],
      { ...map, features: ["a", "b", "c"] },
    ];
    assert.is(await specOf(damaged.map((value, i) => withMap(`run ${i}`, value))), undefined);
  });

  test("compiles without a warning", async () => {
    assert.equal(compiled((await specOf([withMap("a", map), withMap("b", map)]))!).warnings, []);
  });
});
