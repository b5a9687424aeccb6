import * as tf from "@tensorflow/tfjs";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { random } from "../../../plugins/router/random.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

suite("router random", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  const build = (seed = 1, experts = 4) =>
    buildPlugin(random, { type: "random", experts }, { tf, rng: createRng(seed) });
  const choices = (rows: number, given: { step?: number; seed?: number; experts?: number } = {}): number[] => {
    const training = given.step === undefined ? undefined : { step: given.step, totalSteps: 10 };
    const { instance } = build(given.seed, given.experts);
    return [...instance.route(tf.zeros([rows, 3]), {}, training).expertIndices_BR.dataSync()];
  };

  test("promises the experts of its options, one selected", () => {
    assert.equal(build().facts, { numExperts: 4, numSelected: 1, scores: 0 });
  });
  test("draws anew at every step, and the same again at the same step", () => {
    assert.equal(choices(40, { step: 3 }), choices(40, { step: 3 }));
    assert.not.equal(choices(40, { step: 3 }), choices(40, { step: 4 }));
    assert.not.equal(choices(40, { step: 3 }), choices(40, { step: 3, seed: 2 }));
  });
  test("has one choice for every position when it is evaluated, whatever the batch", () => {
    assert.equal(choices(7), choices(40).slice(0, 7));
    assert.equal(choices(40), choices(40));
    assert.not.equal(choices(40), choices(40, { seed: 2 }));
  });
  test("is uniform over the experts", () => {
    for (const step of [undefined, 5]) {
      const counts = [0, 0, 0, 0, 0];
      const options = step === undefined ? { experts: 5 } : { experts: 5, step };
      for (const e of choices(20_000, options)) counts[e]! += 1;
      // Binomial: mean 4000, standard deviation 56.6.
      for (const count of counts) assert.ok(Math.abs(count - 4000) < 5 * 57, counts.join());
    }
  });
  test("gates with 1 and states neither probabilities nor logits", () => {
    const routing = build().instance.route(tf.zeros([3, 5]), {});
    assert.is(routing.expertIndices_BR.dtype, "int32");
    assert.equal(routing.gates_BR.arraySync(), [[1], [1], [1]]);
    assert.equal([routing.probabilities_BE, routing.logits_BE], [undefined, undefined]);
  });
  test("has no parameters, and one option", () => {
    const { facts, instance } = build();
    const shape = createModelShape({ width: 5, features: 8, router: facts });
    assert.equal(instance.initialise(shape, createRng(0)), {});
    assert.not.ok(Value.Check(random.options, { experts: 0 }));
  });
});
