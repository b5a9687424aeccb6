import * as assert from "uvu/assert";
import { multiply } from "../../kernels/multiply.ts";
import { createRandomData } from "../conformance/kernels/random-data.ts";
import { suite } from "../suite.ts";

suite("matrix product over typed arrays", (test) => {
  // Every remainder of the 4 x 4 tiles, on both sides.
  for (const [rows, inner, columns] of [
    [1, 1, 1],
    [4, 3, 4],
    [5, 7, 6],
    [6, 2, 11],
    [7, 5, 3],
    [3, 9, 8],
    [8, 1, 5],
  ] as const) {
    test(`multiplies [${rows}, ${inner}] by [${inner}, ${columns}]`, () => {
      const random = createRandomData(rows + inner + columns);
      const a = random.integers(rows * inner, -4, 4);
      const b = random.integers(inner * columns, -4, 4);
      const out = new Float32Array(rows * columns).fill(NaN);
      multiply(a, b, out, { rows, inner, columns });
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let k = 0; k < inner; k++) sum += a[i * inner + k]! * b[k * columns + j]!;
          assert.is(out[i * columns + j]! + 0, sum + 0);
        }
      }
    });
  }

  test("sums in float64", () => {
    const out = new Float32Array(1);
    // In float32, 1e8 + 1 is 1e8, and the sum would be 0.
    multiply(Float32Array.of(1e8, 1, -1e8), Float32Array.of(1, 1, 1), out, { rows: 1, inner: 3, columns: 1 });
    assert.is(out[0], 1);
  });
});
