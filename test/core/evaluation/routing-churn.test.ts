import * as assert from "uvu/assert";
import type { RoutingMoment } from "../../../core/evaluation/contracts.ts";
import { changedShare, churnOf } from "../../../core/evaluation/routing-churn.ts";
import { suite } from "../../suite.ts";

const moment = (step: number, numRows: number, ...experts: number[]): RoutingMoment => ({
  step,
  numRows,
  experts_NR: Int32Array.from(experts),
});

suite("churn of a routing", (test) => {
  test("counts a row once, however many of its experts changed", () => {
    // Rows {0,1}, {0,2}, {1,3} become {0,1}, {1,3}, {1,2}.
    assert.is(changedShare(moment(1, 3, 0, 1, 0, 2, 1, 3), moment(2, 3, 0, 1, 1, 3, 1, 2)), 2 / 3);
  });

  test("is measured against the moment before and against the last one", () => {
    const churn = churnOf([moment(1, 2, 0, 0), moment(2, 2, 1, 0), moment(3, 2, 0, 0)]);
    assert.equal(churn, [
      { step: 1, untilLast: 0 },
      { step: 2, sincePrevious: 0.5, untilLast: 0.5 },
      { step: 3, sincePrevious: 0.5, untilLast: 0 },
    ]);
    assert.equal(churnOf([]), []);
  });

  test("refuses to compare probes of different sizes", () => {
    assert.throws(() => changedShare(moment(1, 2, 0, 0), moment(2, 1, 0)), /step 1 is of 2 choices/);
  });
});
