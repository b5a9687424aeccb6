import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { linearDecay } from "../../../plugins/schedule/linear-decay.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

const build = (options: object = {}) => buildPlugin(linearDecay, { type: "linear-decay", ...options }, {}).instance;

suite("schedule linear-decay", (test) => {
  test("is 1 for the first 80 percent, then falls linearly towards 0", () => {
    const schedule = build();
    assert.equal(
      [0, 79, 80, 90, 95, 99].map((step) => schedule.multiplier(step, 100)),
      [1, 1, 1, 0.5, 0.25, 0.05],
    );
  });
  test("starts to fall where it is told", () => {
    const schedule = build({ decayStart: 0.5 });
    assert.equal(
      [0, 4, 5, 6, 9].map((step) => schedule.multiplier(step, 10)),
      [1, 1, 1, 0.8, 0.2],
    );
  });
  test("never falls with decayStart 1, and at once with 0", () => {
    assert.is(build({ decayStart: 1 }).multiplier(9, 10), 1);
    assert.is(build({ decayStart: 0 }).multiplier(1, 10), 0.9);
  });
  test("stays positive to the last step and never rises again once it falls", () => {
    const schedule = build();
    const decaying = Array.from({ length: 20 }, (_unused, i) => schedule.multiplier(80 + i, 100));
    for (const [i, value] of decaying.entries()) assert.ok(value > 0 && value <= (decaying[i - 1] ?? 1));
  });
  test("warms up first", () => {
    const schedule = build({ warmupSteps: 2 });
    assert.equal(
      [0, 1, 2].map((step) => schedule.multiplier(step, 100)),
      [0, 0.5, 1],
    );
  });
  test("takes fractions only", () => {
    assert.not.ok(Value.Check(linearDecay.options, { warmupSteps: 0, decayStart: 48 }));
    assert.not.ok(Value.Check(linearDecay.options, { warmupSteps: 0, decayStart: -0.1 }));
  });
});
