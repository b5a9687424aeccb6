import * as assert from "uvu/assert";
import { faultsOf, formatErrors, traceErrors } from "../../../bench/step/compare.ts";
import type { TrainingTrace } from "../../../bench/step/compare.ts";
import { suite } from "../../suite.ts";

const start = new Map([["encoder", [1, 1]]]);
const tolerances = { loss: 1e-5, gradientNorm: 1e-4, change: 1e-3 };

function trace(loss: number, norm: number, encoder: readonly number[]): TrainingTrace {
  return { losses: [10, loss], gradientNorms: [2, norm], parameters: new Map([["encoder", encoder]]) };
}

suite("the comparison of two trainings", (test) => {
  test("measures changes against changes, not against the parameters' size", () => {
    const errors = traceErrors(trace(10, 2, [1.3, 1.4]), trace(10, 2, [1.3, 1.5]), start);
    assert.is(errors["loss"], 0);
    assert.ok(Math.abs(errors["change of encoder"]! - 0.1 / Math.hypot(0.3, 0.5)) < 1e-9);
  });

  test("takes the worst step", () => {
    const errors = traceErrors(trace(11, 3, [2, 2]), trace(10, 2, [2, 2]), start);
    assert.equal([errors["loss"], errors["gradientNorm"]], [0.1, 0.5]);
  });

  test("finds no fault in what is within tolerance, and names what is not", () => {
    const good = traceErrors(trace(10, 2, [2, 2]), trace(10, 2, [2, 2]), start);
    assert.equal(faultsOf(good, tolerances), []);
    const bad = traceErrors(trace(11, 2, [2, 3]), trace(10, 2, [2, 2]), start);
    const faults = faultsOf(bad, tolerances);
    assert.is(faults.length, 2);
    assert.match(faults[0]!, "loss is off by 1.0e-1, more than 0.00001");
    assert.match(faults[1]!, "change of encoder");
    assert.match(formatErrors(bad), "loss 1.0e-1, gradientNorm 0.0e+0");
  });

  test("finds fault in a parameter that is missing, of another length, or not a number", () => {
    for (const encoder of [[], [2], [Number.NaN, 2]]) {
      const errors = traceErrors(trace(10, 2, encoder), trace(10, 2, [2, 2]), start);
      assert.is(faultsOf(errors, tolerances).length, 1, String(encoder));
    }
  });

  test("finds fault in steps that were not made", () => {
    const short = { ...trace(10, 2, [2, 2]), losses: [10] };
    assert.is(faultsOf(traceErrors(short, trace(10, 2, [2, 2]), start), tolerances).length, 1);
  });
});
