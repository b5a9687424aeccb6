import * as assert from "uvu/assert";
import { gatherRows, transposeBlock } from "../../kernels/rearrange.ts";
import { suite } from "../suite.ts";

suite("rearranging typed arrays", (test) => {
  test("gathers rows in the order asked for", () => {
    const to = new Float32Array(6);
    gatherRows(Float32Array.of(1, 2, 3, 4, 5, 6), to, { rows: Int32Array.of(2, 0, 2), width: 2, divisor: 1 });
    assert.equal([...to], [5, 6, 1, 2, 5, 6]);
  });

  test("finds the row of a (row, slot) pair by the divisor", () => {
    const to = new Float32Array(3);
    gatherRows(Float32Array.of(10, 20), to, { rows: Int32Array.of(0, 1, 3), width: 1, divisor: 2 });
    assert.equal([...to], [10, 10, 20]);
  });

  for (const [rows, columns] of [
    [1, 1],
    [3, 2],
    [16, 16],
    [17, 40],
    [50, 1],
  ] as const) {
    test(`transposes ${rows} x ${columns}`, () => {
      const from = Float32Array.from({ length: rows * columns }, (_, i) => i);
      const to = new Float32Array(rows * columns).fill(-1);
      transposeBlock(from, to, { rows, columns });
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) assert.is(to[j * rows + i], i * columns + j);
      }
    });
  }
});
