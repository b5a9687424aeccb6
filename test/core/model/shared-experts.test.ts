import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { numRoutedExperts, ofChosenExperts, withSharedExperts } from "../../../core/model/shared-experts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";

const shapeOf = (numExperts: number, numSelected: number, numShared: number) =>
  createModelShape({ width: 2, features: 20, router: { numExperts, numSelected, numShared } });

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`shared experts on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const chosen = () => ({
      expertIndices_BR: tf.tensor2d([[2], [0], [1]], undefined, "int32"),
      gates_BR: tf.tensor2d([[0.5], [0.25], [1]]),
    });

    test("follow the chosen ones of every row, with gate 1", () => {
      const all = withSharedExperts(tf, chosen(), { routed: 3, shared: 2 });
      assert.is(all.expertIndices_BR.dtype, "int32");
      assert.equal(all.expertIndices_BR.arraySync(), [
        [2, 3, 4],
        [0, 3, 4],
        [1, 3, 4],
      ]);
      assert.equal(all.gates_BR.arraySync(), [
        [0.5, 1, 1],
        [0.25, 1, 1],
        [1, 1, 1],
      ]);
    });
    test("follow several chosen ones too", () => {
      const two = {
        expertIndices_BR: tf.tensor2d([[2, 0]], undefined, "int32"),
        gates_BR: tf.tensor2d([[0.5, 0.25]]),
      };
      const all = withSharedExperts(tf, two, { routed: 3, shared: 2 });
      assert.equal(all.expertIndices_BR.arraySync(), [[2, 0, 3, 4]]);
      assert.equal(all.gates_BR.arraySync(), [[0.5, 0.25, 1, 1]]);
    });
    test("change nothing where there are none", () => {
      const given = chosen();
      assert.is(withSharedExperts(tf, given, { routed: 3, shared: 0 }), given);
      assert.is(ofChosenExperts(tf, given.gates_BR, shapeOf(4, 1, 0)), given.gates_BR);
    });
    test("let gradients through to the gates of the chosen", () => {
      const gradient = tf.grad((gates_BR) => {
        const given = { ...chosen(), gates_BR: gates_BR as tensorflow.Tensor2D };
        const all = withSharedExperts(tf, given, { routed: 3, shared: 2 });
        return tf.sum(tf.mul(all.gates_BR, tf.tensor2d([[3, 5, 7]])));
      })(tf.tensor2d([[0.5], [0.25], [1]]));
      assert.equal(gradient.arraySync(), [[3], [3], [3]]);
    });
    test("are told apart from the chosen again", () => {
      const all = withSharedExperts(tf, chosen(), { routed: 3, shared: 2 });
      const shape = shapeOf(5, 3, 2);
      assert.is(numRoutedExperts(shape), 3);
      assert.equal(ofChosenExperts(tf, all.expertIndices_BR, shape).arraySync(), [[2], [0], [1]]);
      assert.is(ofChosenExperts(tf, all.expertIndices_BR, shape).dtype, "int32");
      assert.equal(ofChosenExperts(tf, all.gates_BR, shape).arraySync(), [[0.5], [0.25], [1]]);
    });
  });
}
