import fc from "fast-check";
import * as assert from "uvu/assert";
import { maxAxisValues, readRangeCall, spaced } from "../../../core/config/ranges.ts";
import { suite } from "../../suite.ts";

suite("ranges", (test) => {
  test("range counts as Python does", () => {
    assert.equal(readRangeCall("range(3)"), [0, 1, 2]);
    assert.equal(readRangeCall("range(2, 5)"), [2, 3, 4]);
    assert.equal(readRangeCall("range(0,10,4)"), [0, 4, 8]);
    assert.equal(readRangeCall("range(3,0,-1)"), [3, 2, 1]);
    assert.equal(readRangeCall("range(0,0.3,0.1)"), [0, 0.1, 0.2]);
    assert.equal(readRangeCall("range(3,0)"), []);
  });

  test("linspace and logspace take the values themselves and include both ends", () => {
    assert.equal(readRangeCall("linspace(0,1,5)"), [0, 0.25, 0.5, 0.75, 1]);
    assert.equal(readRangeCall("linspace(5,1,3)"), [5, 3, 1]);
    assert.equal(readRangeCall("logspace(1e-5,1e-3,5)"), [1e-5, 0.0000316227766017, 1e-4, 0.000316227766017, 1e-3]);
    assert.equal(readRangeCall("linspace(2,9,1)"), [2]);
  });

  test("other texts are no ranges", () => {
    for (const text of ["ranges(3)", "range", "range(3) x", "arange(3)", "3"])
      assert.is(readRangeCall(text), undefined, text);
  });

  test("says what is wrong with a call", () => {
    assert.is(readRangeCall("range(a)"), "range takes numbers: range(start, end, step).");
    assert.is(readRangeCall("range()"), "range takes numbers: range(start, end, step).");
    assert.is(readRangeCall("range(1,2,0)"), "The step of a range must not be 0.");
    assert.is(readRangeCall("range(1,2,3,4)"), "range takes one to three numbers: range(start, end, step).");
    assert.is(readRangeCall("linspace(1,2)"), "linspace takes three numbers: linspace(min, max, num).");
    assert.is(readRangeCall("linspace(1,2,1.5)"), "num must be a whole number of at least 1.");
    assert.is(readRangeCall("logspace(0,2,3)"), "A logarithmic scale needs min and max above 0.");
    assert.is(readRangeCall("range(1e9)"), `This range has more than ${maxAxisValues} values.`);
    assert.is(readRangeCall("linspace(0,1,1e9)"), `num must be ${maxAxisValues} at most.`);
  });

  test("spaced values start at min, end at max, and are evenly spaced on their scale", () => {
    const bound = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        bound,
        bound,
        fc.integer({ min: 2, max: 50 }),
        fc.constantFrom("linear" as const, "log" as const),
        (min, max, num, scale) => {
          const values = spaced({ min, max, num, scale });
          assert.ok(typeof values !== "string");
          assert.is(values.length, num);
          assert.is(values[0], min);
          assert.is(values.at(-1), max);
          const onScale = values.map((value) => (scale === "log" ? Math.log(value) : value));
          const step = (onScale[num - 1]! - onScale[0]!) / (num - 1);
          const slack = 1e-9 * Math.max(1, Math.abs(onScale[0]!), Math.abs(onScale[num - 1]!));
          for (let i = 1; i < num; i++) assert.ok(Math.abs(onScale[i]! - onScale[i - 1]! - step) <= slack);
        },
      ),
    );
  });
});
