import * as assert from "uvu/assert";
import { createRng } from "../../core/model/rng.ts";
import { suite } from "../suite.ts";
import { nthElement, retie } from "./reference-ties.ts";

suite("ties as the reference breaks them", (test) => {
  // Worked by hand through libstdc++'s __introselect for four elements.
  test("takes the third and fourth of four equal values", () => {
    assert.equal(nthElement([0, 0, 0, 0], 2).sort(), [2, 3]);
  });
  test("takes the third beside a larger first", () => {
    assert.equal(nthElement([1, 0, 0, 0], 2).sort(), [0, 2]);
  });
  test("takes the fourth beside a larger second", () => {
    assert.equal(nthElement([0, 1, 0, 0], 2).sort(), [1, 3]);
  });
  test("finds the largest values when none are equal", () => {
    const stream = createRng(5).stream("values");
    for (let size = 1; size <= 12; size++) {
      const values = Array.from({ length: size }, () => stream.uniform());
      const count = 1 + stream.integer(size);
      const expected = values.map((_value, i) => i).sort((a, b) => values[b]! - values[a]!);
      assert.equal(nthElement(values, count).sort(), expected.slice(0, count).sort(), `${size} choose ${count}`);
    }
  });
  test("exchanges only experts with score zero", () => {
    assert.equal(retie([0, 1], [1, 0, 0, 0]), [0, 2]);
    assert.equal(retie([3, 0], [0.5, 0, 0, 0.7]), [3, 0]);
    assert.equal(retie([0, 1], [0, 0, 0, 0]).sort(), [2, 3]);
  });
});
