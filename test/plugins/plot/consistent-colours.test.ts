import * as assert from "uvu/assert";
import type { VegaLiteSpec } from "../../../core/analysis/contracts.ts";
import { runStyles } from "../../../core/analysis/run-styles.ts";
import { allPlots } from "../../core/analysis/all-plots.ts";
import { makeRun, quickstartRuns } from "../../core/analysis/fixtures.ts";
import { suite } from "../../suite.ts";

interface Scale {
  readonly domain: readonly string[];
  readonly range: readonly string[];
}

/** Every colour scale over runs in a specification, however deep. */
function runScales(node: unknown): Scale[] {
  if (typeof node !== "object" || node === null) return [];
  const { color } = node as { color?: { field?: string; scale?: Scale } };
  const own = color?.field === "series" && color.scale !== undefined ? [color.scale] : [];
  return [...own, ...Object.values(node).flatMap(runScales)];
}

suite("the plots together", (test) => {
  test("give a run one colour", async () => {
    const runs = quickstartRuns([0, 1]);
    const scales = (await allPlots()).flatMap(([, plot]) => runScales(plot.spec(runs) as VegaLiteSpec));
    assert.ok(scales.length >= 5, `found ${scales.length} scales`);
    for (const scale of scales) assert.equal(scale, runStyles(runs).colourScale);
  });

  test("are made from the same runs twice without a difference, and leave them alone", async () => {
    const runs = quickstartRuns();
    const before = JSON.stringify(runs);
    for (const [name, plot] of await allPlots()) assert.equal(plot.spec(runs), plot.spec(runs), name);
    assert.is(JSON.stringify(runs), before);
  });

  test("have nothing to show of runs that wait", async () => {
    for (const [name, plot] of await allPlots()) assert.is(plot.spec([makeRun({ state: "pending" })]), undefined, name);
  });
});
