import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { Routing } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { checkRouting } from "../../../core/model/routing.ts";
import { suite } from "../../suite.ts";

const shape = createModelShape({ width: 4, features: 8, router: { numExperts: 4, numSelected: 2 } });
const good = (): Routing => ({
  expertIndices_BR: tf.zeros([3, 2], "int32"),
  gates_BR: tf.ones([3, 2]),
  probabilities_BE: tf.ones([3, 4]),
});
const rejects = (change: Partial<Routing>, received: string): void => {
  assert.throws(
    () => checkRouting({ ...good(), ...change }, 3, shape),
    (error: SwitchyardError) => {
      assert.is(error.code, "ROUTING_SHAPE");
      assert.is(error.received, received);
      return true;
    },
  );
};

suite("check of a routing", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  test("passes what fits the shape", () => {
    const routing = good();
    assert.is(checkRouting(routing, 3, shape), routing);
    const { expertIndices_BR, gates_BR } = routing;
    checkRouting({ expertIndices_BR, gates_BR }, 3, shape);
  });
  test("rejects experts that are not int32", () => {
    rejects({ expertIndices_BR: tf.zeros([3, 2]) }, "float32 [3, 2]");
  });
  test("rejects another number of experts a row", () => {
    rejects({ expertIndices_BR: tf.zeros([3, 1], "int32") }, "int32 [3, 1]");
  });
  test("rejects gates of another shape", () => {
    rejects({ gates_BR: tf.ones([2, 3]) }, "float32 [2, 3]");
  });
  test("rejects probabilities over another number of experts", () => {
    rejects({ probabilities_BE: tf.ones([3, 2]) }, "float32 [3, 2]");
  });
});
