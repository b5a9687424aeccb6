import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { l1 } from "../../../plugins/loss/l1.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shapeOf = (numExperts: number, numSelected = 1) =>
  createModelShape({ width: 2, features: 4, router: { numExperts, numSelected } });
// Norms 5, 1, 2, 0.
const decoder = [
  [3, 4],
  [0, 1],
  [2, 0],
  [0, 0],
];

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss l1 on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = (options: object = {}) =>
      buildPlugin(l1, { type: "l1", weight: 0.5, ...options }, { ...device }).instance;
    const block = (experts: number[][], values: number[][][]) => ({
      kind: "block" as const,
      expertIndices_BR: tf.tensor2d(experts, undefined, "int32"),
      values_BRM: tf.tensor3d(values),
    });

    test("weighs activations by the norms of their decoder rows, averaged over rows", () => {
      const code = block([[0], [0]], [[[1, 2, 3, 4]], [[0, 1, 0, 0]]]);
      const value = build()
        .compute(lossInput({ shape: shapeOf(1), code, decoder }))
        .dataSync()[0];
      assert.is(value, (1 * 5 + 2 * 1 + 3 * 2 + 1) / 2);
    });
    test("takes the norms of the routed experts", () => {
      const code = block([[1], [0]], [[[1, 1]], [[1, 1]]]);
      const value = build()
        .compute(lossInput({ shape: shapeOf(2), code, decoder }))
        .dataSync()[0];
      assert.is(value, (2 + 0 + 5 + 1) / 2);
    });
    test("takes the norms of both experts of a row", () => {
      const code = block(
        [[1, 0]],
        [
          [
            [1, 1],
            [10, 10],
          ],
        ],
      );
      const value = build()
        .compute(lossInput({ shape: shapeOf(2, 2), code, decoder }))
        .dataSync()[0];
      assert.is(value, 2 + 0 + 50 + 10);
    });
    test("takes the norms of a sparse code's features", () => {
      const indices_BK = tf.tensor2d(
        [
          [0, 2],
          [1, 2],
        ],
        undefined,
        "int32",
      );
      const code = {
        kind: "sparse" as const,
        indices_BK,
        values_BK: tf.tensor2d([
          [1, 2],
          [3, 0],
        ]),
      };
      const value = build()
        .compute(lossInput({ shape: shapeOf(1), code, decoder }))
        .dataSync()[0];
      assert.is(value, (5 + 4 + 3) / 2);
    });
    test("leaves the norms out when asked", () => {
      const code = block([[0]], [[[1, 2, 3, 4]]]);
      const plain = build({ decoderNormWeighted: false });
      assert.is(plain.compute(lossInput({ shape: shapeOf(1), code, decoder })).dataSync()[0], 10);
    });
    test("grows its weight linearly from 0 over the warm-up", () => {
      const warm = build({ warmupSteps: 4 });
      assert.equal(
        [0, 1, 2, 3, 4, 100].map((step) => warm.weight(step, 1000)),
        [0, 0.125, 0.25, 0.375, 0.5, 0.5],
      );
      assert.is(build().weight(0, 1000), 0.5);
    });
    test("has the gradient f * row / norm in the decoder, and none at a zero row", () => {
      const code = block([[0]], [[[1, 2, 3, 4]]]);
      const value = (decoder_FD: tensorflow.Tensor): tensorflow.Scalar =>
        build().compute({ ...lossInput({ shape: shapeOf(1), code }), decoder_FD: decoder_FD as tensorflow.Tensor2D });
      const gradient = tf.grad(value)(tf.tensor2d(decoder)).arraySync() as number[][];
      const expected = [
        [0.6, 0.8],
        [0, 2],
        [3, 0],
        [0, 0],
      ];
      expected.forEach((row, f) => {
        row.forEach((x, d) => {
          assert.ok(Math.abs(gradient[f]![d]! - x) < 1e-6, `[${f}, ${d}]: ${gradient[f]![d]!}`);
        });
      });
    });
    test("takes the gate's own code where an expert has one", () => {
      const code = { ...block([[0]], [[[9, 9, 9, 9]]]), gateCode: block([[0]], [[[1, 2, 3, 4]]]) };
      const value = build()
        .compute(lossInput({ shape: shapeOf(1), code, decoder }))
        .dataSync()[0];
      assert.is(value, 1 * 5 + 2 * 1 + 3 * 2);
    });
  });
}
