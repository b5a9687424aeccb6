import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Code } from "../../../core/model/contracts.ts";
import { nextStepsSinceActive, stepsSinceActive } from "../../../core/model/feature-activity.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { activeOf } from "./integer-batch.ts";

for (const provider of [cpuDevice, wasmDevice, nativeDevice({ threads: 2 })]) {
  suite(`steps since a feature was active on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const shapeOf = (numExperts: number, numSelected: number) =>
      createModelShape({ width: 2, features: 12, router: { numExperts, numSelected } });
    const next = (code: Code, before: number[], shape = shapeOf(1, 1)): number[] =>
      tf.tidy(() => [
        ...nextStepsSinceActive({ tf, kernels: device.kernels, shape, code, before_F: tf.tensor1d(before) }).dataSync(),
      ]);
    const before = Array.from({ length: 12 }, (_unused, f) => f * 10);

    test("is kept under one name", () => {
      assert.is(stepsSinceActive, "steps_since_active");
    });
    test("counts a step for silent features and starts again for active ones, in a sparse code", () => {
      const code: Code = {
        kind: "sparse",
        indices_BK: tf.tensor2d(
          [
            [0, 3, 5],
            [3, 7, 11],
          ],
          undefined,
          "int32",
        ),
        // Chosen with value 0 is not active; a negative value is.
        values_BK: tf.tensor2d([
          [1, 0, -2],
          [0, 0.5, 1e-20],
        ]),
      };
      assert.equal(next(code, before), [0, 11, 21, 31, 41, 0, 61, 0, 81, 91, 101, 0]);
    });
    test("does the same for a block code of several experts a row", () => {
      const code: Code = {
        kind: "block",
        expertIndices_BR: tf.tensor2d(
          [
            [2, 0],
            [2, 3],
          ],
          undefined,
          "int32",
        ),
        values_BRM: tf.tensor3d([
          [
            [0, 1, 0],
            [0, 0, 0],
          ],
          [
            [0, -1, 0],
            [2, 0, 0],
          ],
        ]),
      };
      assert.equal(next(code, before, shapeOf(4, 2)), [1, 11, 21, 31, 41, 51, 61, 0, 81, 0, 101, 111]);
    });
    test("agrees with plain counting on random codes, with one expert and with several", () => {
      const stream = createRng(6).stream("codes");
      for (const [experts, slots] of [
        [1, 1],
        [4, 1],
        [4, 2],
      ] as const) {
        const shape = shapeOf(experts, slots);
        const size = shape.featuresPerExpert;
        const value = (): number => (stream.uniform() < 0.2 ? stream.normal() : 0);
        const code: Code = {
          kind: "block",
          expertIndices_BR: tf.tensor2d(
            Array.from({ length: 5 }, (_unused, b) => Array.from({ length: slots }, (_slot, r) => (b + r) % experts)),
            [5, slots],
            "int32",
          ),
          values_BRM: tf.tensor3d(
            Array.from({ length: 5 }, () => Array.from({ length: slots }, () => Array.from({ length: size }, value))),
          ),
        };
        const active = new Set(activeOf(code, shape).map(({ feature }) => feature));
        assert.equal(
          next(code, before, shape),
          before.map((steps, f) => (active.has(f) ? 0 : steps + 1)),
        );
      }
    });
    test("leaves no tensor behind and takes no gradient", () => {
      const code: Code = {
        kind: "sparse",
        indices_BK: tf.tensor2d([[0, 1]], undefined, "int32"),
        values_BK: tf.tensor2d([[1, 2]]),
      };
      const held = tf.memory().numTensors;
      next(code, before);
      assert.is(tf.memory().numTensors, held);
      const gradient = tf.grad((values) => {
        const since_F = nextStepsSinceActive({
          ...{ tf, kernels: device.kernels, shape: shapeOf(1, 1), before_F: tf.tensor1d(before) },
          code: { ...code, values_BK: values as tensorflow.Tensor2D },
        });
        return tf.add(tf.mul(tf.sum(since_F), 3), tf.sum(values));
      })(tf.tensor2d([[1, 2]]));
      assert.equal(gradient.arraySync(), [[1, 1]]);
    });
  });
}
