import * as assert from "uvu/assert";
import { createRowHeaps, offerBlock, writeRow, type RowHeaps } from "../../../kernels/encode-top-k/row-heaps.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { suite } from "../../suite.ts";

function offer(heaps: RowHeaps, row: number, values: readonly number[], firstIndex = 0, gate = 1): void {
  offerBlock(heaps, row, {
    preactivations: Float32Array.from(values),
    start: 0,
    length: values.length,
    bias: new Float32Array(firstIndex + values.length),
    firstIndex,
    gate,
  });
}

function written(heaps: RowHeaps, numRows = 1): { indices: number[]; values: number[] } {
  const indices = new Int32Array(numRows * heaps.k);
  const values = new Float32Array(numRows * heaps.k);
  for (let row = 0; row < numRows; row++) {
    writeRow(heaps, row, { indices, values, packed: new Float64Array(heaps.k) });
  }
  return { indices: [...indices], values: [...values] };
}

suite("row heaps", (test) => {
  test("keep the largest, in ascending order of index", () => {
    const heaps = createRowHeaps(1, 3);
    offer(heaps, 0, [1, 9, 2, 8, 3, 7]);
    assert.equal(written(heaps), { indices: [1, 3, 5], values: [9, 8, 7] });
  });

  test("break ties by the lower index", () => {
    const heaps = createRowHeaps(1, 2);
    offer(heaps, 0, [1, 5, 5, 5, 1]);
    assert.equal(written(heaps).indices, [1, 2]);
  });

  test("fill up with the lowest-index zeros, negative pre-activations being zeros", () => {
    const heaps = createRowHeaps(1, 3);
    offer(heaps, 0, [-1, 0, -5, 2, -1]);
    assert.equal(written(heaps), { indices: [0, 1, 3], values: [0, 0, 2] });
  });

  test("go on over several blocks, ordered by gate times value", () => {
    const heaps = createRowHeaps(1, 2);
    offer(heaps, 0, [3, 4], 0, 0.5);
    offer(heaps, 0, [1.75, 1], 6, 1);
    // Keys: 1.5, 2, 1.75, 1.
    assert.equal(written(heaps), { indices: [1, 6], values: [4, 1.75] });
  });

  test("take k from blocks smaller than k", () => {
    const heaps = createRowHeaps(1, 3);
    offer(heaps, 0, [1], 0);
    offer(heaps, 0, [2, 3], 4);
    offer(heaps, 0, [4], 8);
    assert.equal(written(heaps), { indices: [4, 5, 8], values: [2, 3, 4] });
  });

  test("let a NaN-free row be independent of its neighbours", () => {
    const heaps = createRowHeaps(2, 2);
    offer(heaps, 1, [5, 6, 7]);
    offer(heaps, 0, [3, 2, 1]);
    assert.equal(written(heaps, 2), { indices: [0, 1, 1, 2], values: [3, 2, 6, 7] });
  });

  test("agree with sorting, for many sizes and many ties", () => {
    const random = createRandomData(1);
    for (let round = 0; round < 200; round++) {
      const length = 1 + (round % 37);
      const k = 1 + (round % length);
      const values = [...random.integers(length, -3, 6)];
      const heaps = createRowHeaps(1, k);
      offer(heaps, 0, values);
      const expected = values
        .map((value, index) => ({ value: Math.max(value, 0), index }))
        .sort((a, b) => b.value - a.value || a.index - b.index)
        .slice(0, k)
        .sort((a, b) => a.index - b.index);
      assert.equal(
        written(heaps).indices,
        expected.map(({ index }) => index),
      );
    }
  });
});
