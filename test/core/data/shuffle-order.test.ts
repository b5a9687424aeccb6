import * as assert from "uvu/assert";
import { chunkRowsFor, createShuffleOrder } from "../../../core/data/shuffle-order.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

suite("shuffle-order", (test) => {
  test("cuts an epoch into windows of nearly one size, never a short last one", () => {
    const order = createShuffleOrder({ numRows: 1010, bufferRows: 500, rng: createRng(0) });
    assert.is(order.maxWindowRows, 337);
    assert.equal(
      [0, 336, 337, 1009, 1010]
        .map((position) => order.windowAt(position))
        .map(({ start, numRows }) => [start, numRows]),
      [
        [0, 337],
        [0, 337],
        [337, 337],
        [674, 336],
        [1010, 337],
      ],
    );
    assert.not(order.holdsAll);
  });

  test("fills a window from chunks of contiguous rows and permutes all of it", () => {
    const order = createShuffleOrder({ numRows: 10_000, bufferRows: 1024, rng: createRng(1) });
    const { ranges, permutation, numRows } = order.windowAt(2500);
    assert.is(
      ranges.reduce((sum, { count }) => sum + count, 0),
      numRows,
    );
    for (const { start, count } of ranges) assert.ok(count >= 1 && count <= 7 && start + count <= 10_000);
    assert.equal(
      [...permutation].sort((a, b) => a - b),
      Array.from({ length: numRows }, (_, i) => i),
    );
  });

  test("windows of an epoch share no row and miss none", () => {
    const order = createShuffleOrder({ numRows: 3001, bufferRows: 700, rng: createRng(2) });
    const seen = new Uint8Array(3001);
    for (let position = 3001; position < 6002;) {
      const window = order.windowAt(position);
      for (const { start, count } of window.ranges) for (let row = start; row < start + count; row++) seen[row]! += 1;
      position = window.start + window.numRows;
    }
    assert.ok(seen.every((count) => count === 1));
  });

  test("knows every position without having been asked for the ones before", () => {
    const make = (): ReturnType<typeof createShuffleOrder> =>
      createShuffleOrder({ numRows: 999, bufferRows: 100, rng: createRng(3) });
    const walked = make();
    for (let position = 0; position < 5000; position += 50) walked.windowAt(position);
    assert.equal(walked.windowAt(4321), make().windowAt(4321));
    assert.equal(walked.windowAt(10), make().windowAt(10));
  });

  test("reads longer chunks for larger windows, up to 256 rows", () => {
    assert.equal([1, 31, 64, 3200, 16_384, 1_000_000].map(chunkRowsFor), [1, 1, 1, 25, 128, 256]);
  });
});
