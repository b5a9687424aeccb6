import * as tf from "@tensorflow/tfjs";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { none } from "../../../plugins/router/none.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

suite("router none", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  const build = () => buildPlugin(none, { type: "none" }, { tf });
  test("promises one expert", () => {
    assert.equal(build().facts, { numExperts: 1, numSelected: 1 });
  });
  test("sends every row to expert 0 with gate 1 and states no probabilities", () => {
    const routing = build().instance.route(tf.ones([3, 5]), {});
    assert.is(routing.expertIndices_BR.dtype, "int32");
    assert.equal(routing.expertIndices_BR.arraySync(), [[0], [0], [0]]);
    assert.equal(routing.gates_BR.arraySync(), [[1], [1], [1]]);
    assert.is(routing.probabilities_BE, undefined);
  });
  test("has no parameters", () => {
    const { facts, instance } = build();
    const shape = createModelShape({ width: 5, features: 8, router: facts });
    assert.equal(instance.initialise(shape, createRng(0)), {});
  });
  test("accepts experts: 1, for sweeps over the number of experts, and no other number", () => {
    assert.ok(Value.Check(none.options, { experts: 1 }));
    assert.not.ok(Value.Check(none.options, { experts: 2 }));
  });
});
