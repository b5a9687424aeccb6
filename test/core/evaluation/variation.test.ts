import * as assert from "uvu/assert";
import { Variation } from "../../../core/evaluation/variation.ts";
import { suite } from "../../suite.ts";
import { near, rowsOf } from "./fixtures.ts";

function variationOf(rows: readonly (readonly number[])[]): Variation {
  const variation = new Variation(rows[0]!.length);
  for (const row of rows) variation.add((d) => row[d]!);
  return variation;
}

suite("the variation of rows", (test) => {
  test("is the sum of squared distances to the mean row", () => {
    const rows = rowsOf(20, 4, 6);
    const mean = rows[0]!.map((_unused, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / 20);
    const expected = rows.reduce((sum, row) => sum + row.reduce((part, x, d) => part + (x - mean[d]!) ** 2, 0), 0);
    const variation = variationOf(rows);
    near(variation.total(), expected, 1e-12);
    variation.mean_D().forEach((value, d) => {
      near(value, mean[d]!, 1e-12);
    });
    assert.is(variation.numRows, 20);
  });

  test("keeps its digits far from zero", () => {
    const rows = Array.from({ length: 1000 }, (_unused, n) => [1e9 + (n % 2 === 0 ? 0.5 : -0.5)]);
    near(variationOf(rows).total(), 250, 1e-12);
  });

  test("is zero for rows that are all alike", () => {
    assert.is(
      variationOf([
        [0.1, 7],
        [0.1, 7],
        [0.1, 7],
      ]).total(),
      0,
    );
  });
});
