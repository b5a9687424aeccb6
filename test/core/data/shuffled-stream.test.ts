import fc from "fast-check";
import * as assert from "uvu/assert";
import { createShuffledStream } from "../../../core/data/shuffled-stream.ts";
import type { ShuffledStream } from "../../../core/data/shuffled-stream.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "./expect-error.ts";
import { memoryStore } from "./memory-store.ts";

/** The row numbers of the next `count` rows; also checks that rows arrive whole. */
async function take(stream: ShuffledStream, count: number): Promise<readonly number[]> {
  const rows = new Float32Array(count * stream.width);
  await stream.next(count, rows);
  return Array.from({ length: count }, (_, i) => {
    const row = rows[i * stream.width]!;
    for (let column = 0; column < stream.width; column++) {
      assert.is(rows[i * stream.width + column], row + column / 4);
    }
    return row;
  });
}

interface Setting {
  readonly numRows: number;
  readonly bufferRows: number;
  readonly seed?: number;
  readonly startRow?: number;
  readonly width?: number;
}

function streamOf({ numRows, bufferRows, seed = 0, startRow = 0, width = 2 }: Setting): ShuffledStream {
  return createShuffledStream({ store: memoryStore(numRows, width), rng: createRng(seed), bufferRows, startRow });
}

const ascending = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const sorted = (rows: readonly number[]): readonly number[] => [...rows].sort((a, b) => a - b);

suite("shuffled-stream", (test) => {
  test("emits every row exactly once an epoch, for any sizes", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 97 }),
      fc.integer(),
      async (numRows, bufferRows, batchSize, seed) => {
        const stream = streamOf({ numRows, bufferRows, seed });
        const rows: number[] = [];
        while (rows.length < 3 * numRows) rows.push(...(await take(stream, batchSize)));
        for (let epoch = 0; epoch < 3; epoch++) {
          assert.equal(sorted(rows.slice(epoch * numRows, (epoch + 1) * numRows)), ascending(numRows));
        }
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 7 });
  });

  test("resumes at any position with the very rows that would have come", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 350 }),
      fc.integer({ min: 0, max: 900 }),
      async (numRows, bufferRows, startRow) => {
        const whole = await take(streamOf({ numRows, bufferRows, seed: 5 }), startRow + 150);
        const resumed = await take(streamOf({ numRows, bufferRows, seed: 5, startRow }), 150);
        assert.equal(resumed, whole.slice(startRow));
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 8 });
  });

  test("does not depend on how the rows are cut into batches", async () => {
    const setting = { numRows: 130, bufferRows: 48, seed: 2 };
    const atOnce = await take(streamOf(setting), 500);
    const stream = streamOf(setting);
    const inParts: number[] = [];
    for (let size = 1; inParts.length < 500; size++) {
      inParts.push(...(await take(stream, Math.min(size, 500 - inParts.length))));
    }
    assert.equal(inParts, atOnce);
  });

  test("gives another order for another seed, and for another epoch", async () => {
    const first = await take(streamOf({ numRows: 200, bufferRows: 64, seed: 1 }), 400);
    const second = await take(streamOf({ numRows: 200, bufferRows: 64, seed: 2 }), 400);
    assert.not.equal(first, second);
    assert.not.equal(first.slice(0, 200), first.slice(200));
  });

  test("keeps its order from release to release", async () => {
    // Literal: a change here changes every result, and needs new plugin versions.
    assert.equal(await take(streamOf({ numRows: 10, bufferRows: 4, seed: 0 }), 10), pinned);
  });

  test("reports the position, and takes it back as startRow", async () => {
    const stream = streamOf({ numRows: 50, bufferRows: 20, startRow: 17 });
    assert.is(stream.position, 17);
    await take(stream, 40);
    assert.is(stream.position, 57);
    assert.is(stream.width, 2);
  });

  test("reads each window once, ahead of its use, in runs of contiguous rows", async () => {
    const store = memoryStore(4096);
    const stream = createShuffledStream({ store, rng: createRng(0), bufferRows: 1024 });
    await take(stream, 1);
    // The window and the next one: 1024 rows each.
    await new Promise((resolve) => setImmediate(resolve));
    const rowsRead = store.reads.reduce((sum, [, count]) => sum + count, 0);
    assert.is(rowsRead, 2048);
    // 128 chunks a window, some of them cut by a window's edge.
    assert.ok(store.reads.length <= 258, `${store.reads.length} reads`);
    await take(stream, 4095);
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(new Set(store.reads.slice(0, 512).map(([start]) => start)).size, 512, "no chunk twice in an epoch");
  });

  test("reads a store that fits the window once for all epochs", async () => {
    const store = memoryStore(100);
    const stream = createShuffledStream({ store, rng: createRng(0), bufferRows: 1_000_000 });
    await take(stream, 1000);
    assert.equal(store.reads, [[0, 100]]);
  });

  test("throws what reading throws, stays where it was, and can go on", async () => {
    const store = memoryStore(400);
    const expected = await take(createShuffledStream({ store, rng: createRng(3), bufferRows: 100 }), 300);
    const stream = createShuffledStream({ store, rng: createRng(3), bufferRows: 100 });
    const first = await take(stream, 50);
    await new Promise((resolve) => setImmediate(resolve));
    await take(stream, 50);
    // Crossing windows: the one read ahead is good, the next read fails.
    store.failNext = 2;
    let failures = 0;
    const rest: number[] = [];
    while (rest.length < 200) {
      const before = stream.position;
      try {
        rest.push(...(await take(stream, 100)));
      } catch (error) {
        failures += 1;
        assert.match(String(error), /the disk is on fire/);
        assert.is(stream.position, before);
      }
    }
    assert.ok(failures >= 1 && failures <= 2, `${failures} failures`);
    assert.equal(first, expected.slice(0, 50));
    assert.equal(rest, expected.slice(100, 300));
  });

  test("refuses an empty store", () => {
    throwsWith("NO_ROWS", () => streamOf({ numRows: 0, bufferRows: 10 }));
  });

  test("mixes: neighbours in the stream are as far apart as in a perfect shuffle", async () => {
    // In a perfect shuffle two rows of n lie n/3 apart on average, with a standard error of about 0.24 n / sqrt(n).
    const numRows = 20_000;
    const rows = await take(streamOf({ numRows, bufferRows: numRows, width: 1 }), numRows);
    let sum = 0;
    for (let i = 1; i < numRows; i++) sum += Math.abs(rows[i]! - rows[i - 1]!);
    const mean = sum / (numRows - 1);
    assert.ok(Math.abs(mean / (numRows / 3) - 1) < 0.02, `mean distance ${mean}`);
  });

  test("mixes: with a window of an eighth, batches cover the store nearly evenly", async () => {
    // 64 rows, counted by eighths of the store. Independent draws give a chi square of mean 7; drawing 128
    // chunks a window adds about 3.
    const numRows = 32_768;
    const stream = streamOf({ numRows, bufferRows: numRows / 8, width: 1 });
    let chiSquare = 0;
    const numBatches = numRows / 64;
    for (let batch = 0; batch < numBatches; batch++) {
      const counts = new Array<number>(8).fill(0);
      for (const row of await take(stream, 64)) counts[Math.floor(row / 4096)]! += 1;
      chiSquare += counts.reduce((sum, count) => sum + (count - 8) ** 2 / 8, 0) / numBatches;
    }
    assert.ok(chiSquare > 6 && chiSquare < 12, `mean chi square ${chiSquare}`);
  });

  test("mixes: the place of a row in one epoch says nothing about the next", async () => {
    const numRows = 4000;
    const stream = streamOf({ numRows, bufferRows: 1000, width: 1 });
    const places = [new Float64Array(numRows), new Float64Array(numRows)];
    for (const place of places) for (const [i, row] of (await take(stream, numRows)).entries()) place[row] = i;
    const mean = (numRows - 1) / 2;
    let covariance = 0;
    for (let row = 0; row < numRows; row++) covariance += (places[0]![row]! - mean) * (places[1]![row]! - mean);
    const correlation = covariance / ((numRows * (numRows * numRows - 1)) / 12);
    // Rows move in chunks of 7, so about 570 independent places: standard deviation 0.04.
    assert.ok(Math.abs(correlation) < 0.15, `correlation ${correlation}`);
  });
});

const pinned: readonly number[] = [9, 3, 0, 5, 6, 2, 1, 7, 4, 8];
