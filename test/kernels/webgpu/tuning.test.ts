import * as assert from "uvu/assert";
import { threadsOf, tiles } from "../../../kernels/webgpu/tiled-product.ts";
import {
  choices,
  defaultTuning,
  isTuning,
  partBytesOf,
  threadsFor,
  tileFor,
  tunedNames,
} from "../../../kernels/webgpu/tuning.ts";
import { suite } from "../../suite.ts";

suite("a tuning", (test) => {
  test("has the first choice of everything by default", () => {
    assert.equal(defaultTuning, Object.fromEntries(tunedNames.map((name) => [name, choices[name][0]])));
  });

  test("is known by its choices", () => {
    assert.ok(isTuning(defaultTuning));
    assert.ok(isTuning({ ...defaultTuning, outerTile: "32x32", accumulateThreads: 64 }));
  });

  test("is nothing else", () => {
    const { outerTile, ...without } = defaultTuning;
    for (const value of [
      ...[undefined, null, 3, "64x64", [], without, { ...defaultTuning, more: 1 }],
      ...[
        { ...without, outerTile: outerTile.toUpperCase() + " " },
        { ...defaultTuning, encodePartMiB: "32" },
      ],
    ]) {
      assert.not(isTuning(value), JSON.stringify(value));
    }
  });

  test("says the bytes of a part", () => {
    assert.is(partBytesOf({ ...defaultTuning, encodePartMiB: 8 }), 8 * 1024 * 1024);
  });
});

suite("every tile", (test) => {
  for (const [name, tile] of Object.entries(tiles)) {
    test(`runs on every device: ${name}`, () => {
      const { rows, columns, depth, threadRows, threadColumns } = tile;
      const threads = threadsOf(tile);
      assert.ok(threads <= 256, `${threads} threads`);
      assert.ok(rows <= threads, "a thread finds the pair of a row");
      assert.equal([threadRows % 4, threadColumns % 4], [0, 0]);
      const bytes = 4 * (depth * (rows + 4 + columns + 4) + rows);
      assert.ok(bytes <= 16_384, `${bytes} bytes of workgroup memory`);
      assert.is(name, `${rows}x${columns}`);
    });
  }
});

suite("what is fitted to a size", (test) => {
  test("is the tuned tile, or a smaller one for few rows or columns", () => {
    assert.is(tileFor("128x128", { rows: 500, columns: 768 }), "128x128");
    assert.is(tileFor("128x128", { rows: 32, columns: 768 }), "32x64");
    assert.is(tileFor("128x128", { rows: 500, columns: 32 }), "32x32");
    assert.is(tileFor("64x64", { rows: 0.5, columns: 8 }), "32x32");
  });

  test("are the tuned threads, or fewer for short rows", () => {
    assert.equal(
      [768, 257, 256, 129, 128, 64, 5].map((width) => threadsFor(256, width)),
      [256, 256, 256, 256, 128, 64, 64],
    );
    assert.is(threadsFor(64, 768), 64);
  });
});
