import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { constant } from "../../../plugins/schedule/constant.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

suite("schedule constant", (test) => {
  test("is 1 at every step", () => {
    const schedule = buildPlugin(constant, { type: "constant" }, {}).instance;
    assert.equal(
      [0, 1, 99, 1000].map((step) => schedule.multiplier(step, 100)),
      [1, 1, 1, 1],
    );
  });
  test("grows linearly from 0 over the warm-up", () => {
    const schedule = buildPlugin(constant, { type: "constant", warmupSteps: 4 }, {}).instance;
    assert.equal(
      [0, 1, 2, 3, 4, 5].map((step) => schedule.multiplier(step, 100)),
      [0, 0.25, 0.5, 0.75, 1, 1],
    );
  });
  test("takes whole, non-negative warm-up steps only", () => {
    assert.not.ok(Value.Check(constant.options, { warmupSteps: -1 }));
    assert.not.ok(Value.Check(constant.options, { warmupSteps: 0.1 }));
  });
});
