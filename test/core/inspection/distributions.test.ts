import * as assert from "uvu/assert";
import { correlation, divergence, logProbabilities, meanOf } from "../../../core/inspection/distributions.ts";
import { suite } from "../../suite.ts";
import { near } from "../evaluation/fixtures.ts";

suite("distributions", (test) => {
  test("log-probabilities sum to one, and do not overflow", () => {
    const logs = logProbabilities([1000, 1000 + Math.log(3), 0]);
    near(Math.exp(logs[0]!), 0.25, 1e-12);
    near(Math.exp(logs[1]!), 0.75, 1e-12);
    assert.is(Math.exp(logs[2]!), 0);
  });

  test("the divergence is that of two coins, and zero of equal ones", () => {
    const before = logProbabilities([Math.log(0.5), Math.log(0.5)]);
    const after = logProbabilities([Math.log(0.9), Math.log(0.1)]);
    near(divergence(before, after), 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1), 1e-12);
    near(divergence(after, before), 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5), 1e-12);
    assert.is(divergence(before, before), 0);
  });

  test("the correlation ignores level and size, and is zero beside a constant", () => {
    near(
      correlation(
        [1, 2, 3, 5],
        [10, 20, 30, 50].map((value) => value + 7),
      ),
      1,
      1e-12,
    );
    near(correlation([1, 2, 3], [3, 2, 1]), -1, 1e-12);
    // By hand: means 2 and 3; products 1, squares 2 and 2 -> 1/2.
    near(correlation([1, 2, 3], [2, 4, 3]), 0.5, 1e-12);
    assert.is(correlation([1, 2, 3], [4, 4, 4]), 0);
  });

  test("the mean is the mean", () => {
    assert.is(meanOf(Float32Array.of(1, 2, 6)), 3);
  });
});
