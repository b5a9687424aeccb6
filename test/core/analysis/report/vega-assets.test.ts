import { createContext, runInContext } from "node:vm";
import * as assert from "uvu/assert";
import { scriptSource } from "../../../../core/analysis/report/html.ts";
import { symbolSwatch } from "../../../../core/analysis/report/symbol-swatch.ts";
import { readVegaAssets } from "../../../../core/analysis/report/vega-assets.ts";
import { runStyles } from "../../../../core/analysis/run-styles.ts";
import { suite } from "../../../suite.ts";
import { makeRun } from "../fixtures.ts";

suite("readVegaAssets", (test) => {
  test("reads three scripts that still parse after they are escaped for a page", async () => {
    const { scripts } = await readVegaAssets();
    assert.equal(
      scripts.map(({ name }) => name),
      ["vega", "vega-lite", "vega-embed"],
    );
    const context = createContext({ setTimeout, console, structuredClone });
    for (const { source } of scripts.slice(0, 2)) runInContext(scriptSource(source), context);
    assert.match(runInContext("vega.version", context) as string, /^5\./);
    assert.match(runInContext("vegaLite.version", context) as string, /^5\./);
  });

  test("asks the browser for no source maps", async () => {
    for (const { source } of (await readVegaAssets()).scripts) assert.not.match(source, "sourceMappingURL");
  });

  test("states versions, copyright and licence", async () => {
    const { notice } = await readVegaAssets();
    assert.match(notice, /^vega 5\.\S+, vega-lite 5\.\S+, vega-embed 6\.\S+\nCopyright/);
    assert.match(notice, "THIS SOFTWARE IS PROVIDED");
  });
});

suite("symbolSwatch", (test) => {
  test("draws a shape of its own for each of the eight symbols", () => {
    const runs = Array.from({ length: 8 }, (_unused, i) => makeRun({ name: `${i}` }));
    const drawn = runStyles(runs).entries.map((entry) => symbolSwatch({ ...entry, colour: "#000000" }));
    assert.is(new Set(drawn).size, 8);
    for (const svg of drawn) assert.match(svg, /^<svg [^>]*aria-hidden="true"><(circle|rect|path) [^>]*\/><\/svg>$/);
  });

  test("takes the colour of the run", () => {
    assert.match(symbolSwatch({ series: "a", colour: "#d55e00", symbol: "circle" }), 'fill="#d55e00"');
  });
});
