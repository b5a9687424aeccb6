import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shapeOf = (numExperts: number, numSelected = 1) =>
  createModelShape({ width: 768, features: 64, router: { numExperts, numSelected } });

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss load-balance on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (shape = shapeOf(4), options: object = {}) =>
      buildPlugin(loadBalance, { type: "load-balance", ...options }, { tf, shape }).instance;
    const valueOf = (experts: number[][], probabilities: number[][], shape = shapeOf(4)): number =>
      build(shape).compute(lossInput({ shape, experts, probabilities })).dataSync()[0]!;
    const uniform = [0.25, 0.25, 0.25, 0.25];
    const certain = [0, 0, 1, 0];

    test("is 1 when assignments and probabilities are uniform", () => {
      assert.is(valueOf([[0], [1], [2], [3]], [uniform, uniform, uniform, uniform]), 1);
    });
    test("is E when one expert takes everything", () => {
      assert.is(valueOf([[2], [2], [2]], [certain, certain, certain]), 4);
    });
    test("is E times the sum of shares times mean probabilities", () => {
      const value = valueOf(
        [[0], [0], [1]],
        [
          [0.7, 0.1, 0.1, 0.1],
          [0.4, 0.3, 0.2, 0.1],
          [0.1, 0.8, 0.1, 0],
        ],
      );
      assert.ok(Math.abs(value - 4 * ((2 / 3) * 0.4 + (1 / 3) * 0.4)) < 1e-6);
    });
    test("counts shares of all assignments where a row has several experts", () => {
      const value = valueOf(
        [
          [0, 1],
          [0, 2],
        ],
        [
          [0.5, 0.3, 0.1, 0.1],
          [0.5, 0.1, 0.3, 0.1],
        ],
        shapeOf(4, 2),
      );
      assert.ok(Math.abs(value - 4 * (0.5 * 0.5 + 0.25 * 0.2 + 0.25 * 0.2)) < 1e-6);
    });
    test("is multiplied by alpha times the width of an activation", () => {
      assert.is(build().weight(0, 1000), 3 * 768);
      assert.is(build(shapeOf(4), { weight: 0.01 }).weight(10, 1000), 0.01 * 768);
    });
    test("is 0 without probabilities and with one expert", () => {
      const shape = shapeOf(4);
      assert.is(
        build(shape)
          .compute(lossInput({ shape, experts: [[0]] }))
          .dataSync()[0],
        0,
      );
      assert.is(valueOf([[0]], [[1]], shapeOf(1)), 0);
    });
    test("counts first choices, divided by E, in GShard's form", () => {
      const experts = [
        [0, 1],
        [0, 2],
        [3, 0],
      ];
      const probabilities = [
        [0.5, 0.3, 0.1, 0.1],
        [0.5, 0.1, 0.3, 0.1],
        [0.2, 0.1, 0.1, 0.6],
      ];
      const shape = shapeOf(4, 2);
      const value = build(shape, { form: "gshard" }).compute(lossInput({ shape, experts, probabilities }));
      const expected = ((2 / 3) * (1.2 / 3) + (1 / 3) * (0.8 / 3)) / 4;
      assert.ok(Math.abs(value.dataSync()[0]! - expected) < 1e-7);
    });
    test("in GShard's form is 1/E^2 at balance and 1/E when one expert takes everything", () => {
      const gshard = build(shapeOf(4), { form: "gshard" });
      const valueAt = (experts: number[][], probabilities: number[][]): number =>
        gshard.compute(lossInput({ shape: shapeOf(4), experts, probabilities })).dataSync()[0]!;
      assert.is(valueAt([[0], [1], [2], [3]], [uniform, uniform, uniform, uniform]), 1 / 16);
      assert.is(valueAt([[2], [2]], [certain, certain]), 1 / 4);
      assert.is(gshard.weight(0, 1000), 3 * 768);
    });
    test("leaves experts out that see every row", () => {
      const shape = createModelShape({
        width: 768,
        features: 60,
        router: { numExperts: 5, numSelected: 3, numShared: 2 },
      });
      const experts = [
        [0, 3, 4],
        [0, 3, 4],
        [2, 3, 4],
      ];
      const probabilities = [
        [0.6, 0.2, 0.2],
        [0.5, 0.4, 0.1],
        [0.1, 0, 0.9],
      ];
      const sum = (2 / 3) * 0.4 + (1 / 3) * 0.4;
      for (const [form, factor] of [
        ["switch", 3],
        ["gshard", 1 / 3],
      ] as const) {
        const value = build(shape, { form }).compute(lossInput({ shape, experts, probabilities })).dataSync()[0]!;
        assert.ok(Math.abs(value - factor * sum) < 1e-6, `${form}: ${value}`);
      }
    });
    test("has the gradient through P alone: finite differences of the logits with shares held", () => {
      const stream = createRng(0).stream("logits");
      const logits = Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => stream.normal()));
      const experts = logits.map((row) => [row.indexOf(Math.max(...row))]);
      const shape = shapeOf(4);
      const value = (given: tensorflow.Tensor): tensorflow.Scalar => {
        const probabilities_BE = tf.softmax(given as tensorflow.Tensor2D);
        const expertIndices_BR = tf.expandDims<tensorflow.Tensor2D>(tf.argMax(probabilities_BE, 1), 1);
        const input = lossInput({ shape });
        return build(shape).compute({ ...input, routing: { ...input.routing, expertIndices_BR, probabilities_BE } });
      };
      const gradient = tf.grad(value)(tf.tensor2d(logits)).arraySync() as number[][];
      const inFloat64 = (given: number[][]): number => {
        const means = new Array<number>(4).fill(0);
        for (const row of given) {
          const exponentials = row.map(Math.exp);
          const total = exponentials.reduce((sum, x) => sum + x, 0);
          exponentials.forEach((x, e) => (means[e] = means[e]! + x / total / given.length));
        }
        const shares = means.map((_mean, e) => experts.filter(([chosen]) => chosen === e).length / experts.length);
        return 4 * means.reduce((sum, mean, e) => sum + mean * shares[e]!, 0);
      };
      for (const [b, row] of logits.entries()) {
        for (const e of row.keys()) {
          const moved = (by: number): number =>
            inFloat64(logits.map((other, i) => (i === b ? other.map((x, j) => (j === e ? x + by : x)) : other)));
          const expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
          assert.ok(Math.abs(gradient[b]![e]! - expected) < 1e-6, `[${b}, ${e}]: ${gradient[b]![e]!}, not ${expected}`);
        }
      }
    });
  });
}
