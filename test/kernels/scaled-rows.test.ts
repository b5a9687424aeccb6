import * as assert from "uvu/assert";
import { addScaledRows } from "../../kernels/scaled-rows.ts";
import { suite } from "../suite.ts";

const matrix = Float32Array.of(1, 2, 10, 20, 100, 200);

suite("weighted sums of rows", (test) => {
  for (const length of [0, 1, 3, 4, 5, 8, 9]) {
    test(`adds ${length} terms`, () => {
      const rows = Int32Array.from({ length }, (_, i) => i % 3);
      const coefficients = Float32Array.from({ length }, (_, i) => i + 1);
      const out = Float32Array.of(-1, 5, 7, -1);
      addScaledRows(out, 1, { matrix, width: 2, rows, coefficients }, { start: 0, end: length });
      const expected = [5, 7];
      for (let i = 0; i < length; i++) {
        expected[0]! += (i + 1) * matrix[rows[i]! * 2]!;
        expected[1]! += (i + 1) * matrix[rows[i]! * 2 + 1]!;
      }
      assert.equal([...out], [-1, ...expected, -1]);
    });
  }

  test("takes only the terms from start to end", () => {
    const out = new Float32Array(2);
    const terms = { matrix, width: 2, rows: Int32Array.of(0, 1, 2), coefficients: Float32Array.of(1, 1, 1) };
    addScaledRows(out, 0, terms, { start: 1, end: 2 });
    assert.equal([...out], [10, 20]);
  });
});
