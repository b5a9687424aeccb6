import * as assert from "uvu/assert";
import { median, rounded, summarise } from "../../bench/samples.ts";
import { suite } from "../suite.ts";

suite("samples", (test) => {
  test("have the middle one as median, or the mean of the two in the middle", () => {
    assert.is(median([3, 1, 2]), 2);
    assert.is(median([4, 1, 3, 2]), 2.5);
    assert.is(median([5]), 5);
  });

  test("are reported in the order in which they were taken", () => {
    assert.equal(summarise([3, 1, 2]), { median: 2, min: 1, samples: [3, 1, 2] });
  });

  test("are rounded wherever they stand in a report", () => {
    const report = { name: "E=1", ms: [1.23456789, 1000.00001], nested: { count: 3, ratio: 1 / 3, none: null } };
    assert.equal(rounded(report, 3), { name: "E=1", ms: [1.23, 1000], nested: { count: 3, ratio: 0.333, none: null } });
  });
});
