import * as assert from "uvu/assert";
import { architectureOf, runStyles } from "../../../core/analysis/run-styles.ts";
import { suite } from "../../suite.ts";
import { makeRun, quickstartRuns } from "./fixtures.ts";

function channels(colour: string): [number, number, number] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255) as [
    number,
    number,
    number,
  ];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function luminance(colour: string): number {
  const [r, g, b] = channels(colour).map(linear) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

suite("runStyles", (test) => {
  test("gives every row of a small sweep a colour and a symbol of its own", () => {
    const runs = quickstartRuns();
    const { entries, styleOf } = runStyles(runs);
    assert.is(entries.length, 5);
    assert.is(new Set(entries.map(({ colour }) => colour)).size, 5);
    assert.is(new Set(entries.map(({ symbol }) => symbol)).size, 5);
    assert.equal(
      runs.map((run) => styleOf(run).series),
      runs.map(({ name }) => name),
    );
  });

  test("gives replicates one style", () => {
    const runs = quickstartRuns([0, 1]);
    const { entries, styleOf, nameOf } = runStyles(runs);
    assert.is(entries.length, 5);
    assert.is(styleOf(runs[0]!), styleOf(runs[1]!));
    assert.is(nameOf(runs[0]!), "router=none");
  });

  test("colours a large sweep by architecture", () => {
    const runs = [8, 16, 32, 64].flatMap((k) =>
      [1, 4, 16].map((experts) => makeRun({ name: `${k}-${experts}`, k, experts })),
    );
    const { entries, styleOf } = runStyles(runs);
    assert.equal(
      entries.map(({ series }) => series),
      ["dense", "switch, 4 experts", "switch, 16 experts"],
    );
    assert.is(styleOf(runs[1]!), styleOf(runs[4]!));
  });

  test("has a valid colour for each of very many architectures", () => {
    const runs = Array.from({ length: 20 }, (_unused, i) => makeRun({ name: `${i}`, experts: i + 1, features: 1024 }));
    const { entries } = runStyles(runs);
    assert.is(entries.length, 20);
    for (const { colour } of entries) assert.match(colour, /^#[0-9a-f]{6}$/);
    assert.is(new Set(entries.map(({ colour }) => colour)).size, 20);
  });

  test("writes scales that name every series", () => {
    const { colourScale, symbolScale, entries } = runStyles(quickstartRuns());
    assert.equal(colourScale, { domain: entries.map((e) => e.series), range: entries.map((e) => e.colour) });
    assert.equal(symbolScale, { domain: entries.map((e) => e.series), range: entries.map((e) => e.symbol) });
  });

  test("its eight colours stand out on white and on the dark card", () => {
    const runs = Array.from({ length: 8 }, (_unused, i) => makeRun({ name: `${i}` }));
    const colours = runStyles(runs).entries.map(({ colour }) => colour);
    assert.is(colours.length, 8);
    for (const colour of colours) {
      assert.ok(contrast(luminance(colour), 1) > 2.2, `${colour} on white`);
      assert.ok(contrast(luminance(colour), luminance("#181b21")) > 3, `${colour} on dark`);
    }
  });

  test("its first five colours stay apart without red or green cones", () => {
    // Vienot, Brettel and Mollon 1999: what a dichromat sees, in linear RGB.
    const matrices = {
      protan: [
        [0.1124, 0.8876, 0],
        [0.1124, 0.8876, 0],
        [0.004, -0.004, 1],
      ],
      deutan: [
        [0.2928, 0.7072, 0],
        [0.2928, 0.7072, 0],
        [-0.0223, 0.0223, 1],
      ],
    };
    const colours = runStyles(quickstartRuns()).entries.map(({ colour }) => channels(colour).map(linear));
    for (const [kind, matrix] of Object.entries(matrices)) {
      const seen = colours.map((colour) => matrix.map((row) => row.reduce((sum, m, i) => sum + m * colour[i]!, 0)));
      for (const [i, a] of seen.entries()) {
        for (const b of seen.slice(i + 1)) {
          assert.ok(Math.hypot(...a.map((value, c) => value - b[c]!)) > 0.08, `${kind}: colour ${i} and another`);
        }
      }
    }
  });
});

suite("architectureOf", (test) => {
  test("says dense, or the router and its experts", () => {
    assert.is(architectureOf(makeRun()), "dense");
    assert.is(architectureOf(makeRun({ experts: 8 })), "switch, 8 experts");
  });
});
