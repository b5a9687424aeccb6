import { join } from "node:path";
import fc from "fast-check";
import * as assert from "uvu/assert";
import type { RowStore } from "../../../core/data/contracts.ts";
import { openRowFile } from "../../../core/data/row-file.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { createShardedStore, numHeldOut, rowRange } from "../../../core/data/sharded-store.ts";
import { suite } from "../../suite.ts";
import { rejectsWith, throwsWith } from "./expect-error.ts";
import { memoryStore } from "./memory-store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const width = 3;

/** Shards of the given lengths whose numbers count on from shard to shard. */
async function storeOf(lengths: readonly number[]): Promise<RowStore> {
  let next = 0;
  const files: string[] = [];
  for (const [i, numRows] of lengths.entries()) {
    const file = join(folder, `${lengths.join("-")}.${i}.safetensors`);
    const data = Float32Array.from({ length: numRows * width }, () => next++);
    await writeSafetensors(file, { x: { shape: [numRows, width], data } });
    files.push(file);
  }
  return createShardedStore(await Promise.all(files.map((file) => openRowFile(file))));
}

async function read(store: RowStore, start: number, count: number): Promise<readonly number[]> {
  const into = new Float32Array(count * store.width);
  await store.read(start, count, into);
  return [...into];
}

suite("sharded-store", (test) => {
  test("reads any range across shards, empty ones included, as one matrix", async () => {
    const lengths = [4, 0, 1, 7, 2];
    const store = await storeOf(lengths);
    assert.is(store.numRows, 14);
    assert.is(store.width, width);
    const ranges = fc.integer({ min: 0, max: 14 }).chain((start) => fc.tuple(fc.constant(start), fc.nat(14 - start)));
    const property = fc.asyncProperty(ranges, async ([start, count]) => {
      const expected = Array.from({ length: count * width }, (_, i) => start * width + i);
      assert.equal(await read(store, start, count), expected);
    });
    await fc.assert(property, { numRuns: 60, seed: 3 });
  });

  test("refuses shards of different width and names both files", async () => {
    const wide = join(folder, "wide.safetensors");
    await writeSafetensors(wide, { x: { shape: [2, 5], data: new Float32Array(10) } });
    const narrow = join(folder, "narrow.safetensors");
    await writeSafetensors(narrow, { x: { shape: [2, 4], data: new Float32Array(8) } });
    const files = [await openRowFile(narrow), await openRowFile(wide)];
    const error = throwsWith("WIDTHS_DIFFER", () => createShardedStore(files));
    assert.match(error.where ?? "", /wide\.safetensors$/);
    assert.match(error.expected ?? "", /4 numbers, as in .*narrow/);
    assert.match(error.received ?? "", /5 numbers/);
  });

  test("refuses to be empty", async () => {
    throwsWith("NO_FILES", () => createShardedStore([]));
    await rejectsWith("NO_ROWS", storeOf([0, 0]));
  });

  test("does not read beyond its rows", async () => {
    const store = await storeOf([3]);
    for (const [start, count] of [
      [0, 4],
      [-1, 1],
      [3, 1],
    ] as const) {
      const message = await read(store, start, count).then(
        () => "read",
        (error: unknown) => String(error),
      );
      assert.match(message, /RangeError: rows/);
    }
  });

  test("a range of a store is a store of its own, and ranges nest", async () => {
    const inner = rowRange(rowRange(memoryStore(100, 1), 10, 50), 5, 20);
    assert.is(inner.numRows, 20);
    assert.equal(await read(inner, 0, 3), [15, 16, 17]);
    assert.equal(await read(inner, 19, 1), [34]);
    const beyond = await read(inner, 19, 2).catch((error: unknown) => String(error));
    assert.match(String(beyond), /RangeError/);
    assert.throws(() => rowRange(memoryStore(10), 5, 6), /rows 5 to 11/);
  });

  test("holds out a number or a share of the rows, never all", () => {
    assert.is(numHeldOut(1000, { heldOutFraction: 0.05 }), 50);
    assert.is(numHeldOut(10, { heldOutFraction: 0.05 }), 0);
    assert.is(numHeldOut(1000, { heldOutRows: 7, heldOutFraction: 0.05 }), 7);
    assert.is(numHeldOut(1000, { heldOutRows: 0, heldOutFraction: 0.05 }), 0);
    const error = throwsWith("SOURCE_OPTIONS", () => numHeldOut(100, { heldOutRows: 100, heldOutFraction: 0 }));
    assert.match(error.expected ?? "", /fewer than the 100 rows/);
  });
});
