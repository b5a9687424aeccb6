import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { withSharedExperts, type Chosen } from "../../../core/model/shared-experts.ts";
import { suite } from "../../suite.ts";

suite("shared experts", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  const chosen = (): Chosen => ({
    expertIndices_BR: tf.tensor2d(
      [
        [2, 0],
        [1, 2],
      ],
      [2, 2],
      "int32",
    ),
    gates_BR: tf.tensor2d([
      [0.5, 0.25],
      [0.75, 0.125],
    ]),
  });

  test("follow the chosen ones of every row, with gate 1", () => {
    const { expertIndices_BR, gates_BR } = withSharedExperts(tf, chosen(), { routed: 3, shared: 2 });
    assert.is(expertIndices_BR.dtype, "int32");
    assert.equal(expertIndices_BR.arraySync(), [
      [2, 0, 3, 4],
      [1, 2, 3, 4],
    ]);
    assert.equal(gates_BR.arraySync(), [
      [0.5, 0.25, 1, 1],
      [0.75, 0.125, 1, 1],
    ]);
  });
  test("change nothing where there are none", () => {
    const given = chosen();
    assert.is(withSharedExperts(tf, given, { routed: 3, shared: 0 }), given);
  });
  test("pass the gradient of the chosen gates on and add none of their own", () => {
    const coefficients = tf.tensor2d([[1, 2, 5]]);
    const gradient = tf.grad((gates: tf.Tensor) => {
      const indices = tf.tensor2d([[1, 0]], [1, 2], "int32");
      const given = { expertIndices_BR: indices, gates_BR: gates as tf.Tensor2D };
      return tf.sum(tf.mul(withSharedExperts(tf, given, { routed: 2, shared: 1 }).gates_BR, coefficients));
    })(tf.tensor2d([[0.5, 0.5]]));
    assert.equal(gradient.arraySync(), [[1, 2]]);
  });
});
