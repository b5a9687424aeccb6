import { Type } from "typebox";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { scheduledWeight, weightOptions } from "../../../core/training/loss-weight.ts";
import { suite } from "../../suite.ts";

const at = (options: { weight: number; warmupSteps?: number; decayStart?: number }, steps: readonly number[]) => {
  const weight = scheduledWeight({ warmupSteps: 0, decayStart: 1, ...options });
  return steps.map((step) => weight(step, 100));
};

suite("weight of a loss", (test) => {
  test("is the same at every step by default, the last included", () => {
    assert.equal(at({ weight: 3 }, [0, 1, 50, 99, 100]), [3, 3, 3, 3, 3]);
  });
  test("grows from 0 over the warm-up", () => {
    assert.equal(at({ weight: 2, warmupSteps: 4 }, [0, 1, 2, 3, 4, 5, 99]), [0, 0.5, 1, 1.5, 2, 2, 2]);
  });
  test("falls to 0 at the end from where the decay starts", () => {
    assert.equal(at({ weight: 4, decayStart: 0.75 }, [0, 74, 75, 80, 99, 100, 120]), [4, 4, 4, 3.2, 0.16, 0, 0]);
    assert.equal(at({ weight: 1, decayStart: 0 }, [0, 25, 100]), [1, 0.75, 0]);
  });
  test("does both, multiplied where they overlap", () => {
    assert.equal(at({ weight: 1, warmupSteps: 80, decayStart: 0.5 }, [0, 40, 50, 60, 100]), [
      0,
      0.5,
      0.625,
      0.75 * 0.8,
      0,
    ]);
  });
  test("is never negative, nor anything but a number", () => {
    for (const weight of at({ weight: 0, warmupSteps: 3, decayStart: 0.1 }, [0, 1, 5, 50, 99, 1000]))
      assert.is(weight, 0);
    assert.is(scheduledWeight({ weight: 1, warmupSteps: 0, decayStart: 1 })(0, 0), 1);
    assert.is(scheduledWeight({ weight: 1, warmupSteps: 0, decayStart: 0 })(0, 0), 1);
  });
  test("has options whose defaults leave ids of runs alone", () => {
    const schema = Type.Object(weightOptions(Type.Number({ minimum: 0, default: 5, description: "w" })));
    assert.equal(Value.Default(schema, {}), { weight: 5, warmupSteps: 0, decayStart: 1 });
    for (const name of ["warmupSteps", "decayStart"] as const) {
      assert.ok(Object.entries(schema.properties[name]).some((entry) => entry.join() === "x-hash,unless-default"));
    }
    assert.not.ok(Value.Check(schema, { weight: 1, warmupSteps: 0, decayStart: 1.5 }));
    assert.not.ok(Value.Check(schema, { weight: 1, warmupSteps: -1, decayStart: 1 }));
  });
});
