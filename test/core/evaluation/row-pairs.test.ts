import * as assert from "uvu/assert";
import { everyRow, rowsAfterFirst } from "../../../core/evaluation/row-pairs.ts";
import { suite } from "../../suite.ts";

suite("rows that count", (test) => {
  test("are all of a batch, or those after the first position of a context", () => {
    assert.equal(everyRow(3), [0, 1, 2]);
    assert.equal(rowsAfterFirst(Int32Array.of(2, 0, 1, 0)), [0, 2]);
    assert.equal(rowsAfterFirst(Int32Array.of(0)), []);
  });
});
