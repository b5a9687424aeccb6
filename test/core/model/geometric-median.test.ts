import * as assert from "uvu/assert";
import { geometricMedian } from "../../../core/model/geometric-median.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

const summedDistance = (rows: Float32Array, width: number, point: ArrayLike<number>): number => {
  let total = 0;
  for (let start = 0; start < rows.length; start += width) {
    let squares = 0;
    for (let d = 0; d < width; d++) squares += (rows[start + d]! - point[d]!) ** 2;
    total += Math.sqrt(squares);
  }
  return total;
};

suite("geometric median", (test) => {
  test("is the median in one dimension", () => {
    const median = geometricMedian(Float32Array.from([1, 2, 3, 4, 100]), 1);
    assert.ok(Math.abs(median[0]! - 3) < 1e-3, `${median[0]!}`);
  });
  test("is the centre of a square", () => {
    assert.equal([...geometricMedian(Float32Array.from([0, 0, 2, 0, 0, 2, 2, 2]), 2)], [1, 1]);
  });
  test("is the row itself when there is one", () => {
    assert.equal([...geometricMedian(Float32Array.from([3, -1, 0.5]), 3)], [3, -1, 0.5]);
  });
  test("stays finite when rows coincide with the guess", () => {
    assert.equal([...geometricMedian(Float32Array.from([2, 1, 2, 1, 2, 1]), 2)], [2, 1]);
  });
  test("is hardly moved by one enormous row, unlike the mean", () => {
    const stream = createRng(0).stream("rows");
    const rows = Float32Array.from({ length: 200 * 4 }, () => stream.normal());
    rows.set([1e5, 1e5, 1e5, 1e5], 0);
    const median = geometricMedian(rows, 4);
    assert.ok(Math.max(...median.map(Math.abs)) < 0.5);
  });
  test("has no neighbour with a smaller summed distance", () => {
    const stream = createRng(1).stream("rows");
    const rows = Float32Array.from({ length: 50 * 3 }, () => stream.normal());
    const median = geometricMedian(rows, 3);
    const best = summedDistance(rows, 3, median);
    for (let d = 0; d < 3; d++) {
      for (const offset of [-0.02, 0.02]) {
        const moved = median.map((value, i) => (i === d ? value + offset : value));
        assert.ok(summedDistance(rows, 3, moved) > best);
      }
    }
  });
});
