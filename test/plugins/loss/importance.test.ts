import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { importance } from "../../../plugins/loss/importance.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shapeOf = (numExperts: number, numSelected = 1, numShared = 0) =>
  createModelShape({ width: 4, features: 60, router: { numExperts, numSelected, numShared } });

/** var / mean^2 of the sums of gates, in float64. */
function squaredVariation(experts: readonly (readonly number[])[], gates: readonly (readonly number[])[], E: number) {
  const sums = new Array<number>(E).fill(0);
  for (const [b, chosen] of experts.entries()) {
    for (const [r, expert] of chosen.entries()) if (expert < E) sums[expert]! += gates[b]![r]!;
  }
  const mean = sums.reduce((total, sum) => total + sum, 0) / E;
  return sums.reduce((total, sum) => total + (sum - mean) ** 2, 0) / E / mean ** 2;
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss importance on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}) =>
      buildPlugin(importance, { type: "importance", weight: 0.1, ...options }, { tf }).instance;
    const valueOf = (experts: number[][], gates: number[][], shape = shapeOf(4)): number =>
      build().compute(lossInput({ shape, experts, gates })).dataSync()[0]!;

    test("is 0 when the gates of all experts sum to the same, however many rows each has", () => {
      assert.is(valueOf([[0], [1], [2], [3], [3]], [[0.5], [0.5], [0.5], [0.25], [0.25]]), 0);
    });
    test("is E - 1 when one expert takes everything", () => {
      assert.ok(Math.abs(valueOf([[2], [2]], [[0.7], [0.4]]) - 3) < 1e-5);
    });
    test("is the squared coefficient of variation of the sums of gates", () => {
      const experts = [
        [0, 1],
        [0, 3],
        [2, 0],
      ];
      const gates = [
        [0.7, 0.3],
        [0.6, 0.4],
        [0.9, 0.1],
      ];
      assert.ok(Math.abs(valueOf(experts, gates, shapeOf(4, 2)) - squaredVariation(experts, gates, 4)) < 1e-6);
      // By hand: sums 1.4, 0.3, 0.9, 0.4 around 0.75.
      assert.ok(Math.abs(squaredVariation(experts, gates, 4) - 0.1925 / 0.5625) < 1e-12);
    });
    test("leaves experts out that see every row", () => {
      const experts = [
        [0, 3, 4],
        [1, 3, 4],
      ];
      const gates = [
        [0.5, 1, 1],
        [0.9, 1, 1],
      ];
      const expected = squaredVariation(experts, gates, 3);
      assert.ok(Math.abs(valueOf(experts, gates, shapeOf(5, 3, 2)) - expected) < 1e-6);
    });
    test("is 0 with one expert to choose, and where every gate is 0", () => {
      assert.is(valueOf([[0], [0]], [[0.3], [0.9]], shapeOf(1)), 0);
      assert.is(valueOf([[0, 1]], [[0.3, 1]], shapeOf(2, 2, 1)), 0);
      assert.is(valueOf([[0], [1]], [[0], [0]]), 0);
    });
    test("has gradients in the gates that agree with finite differences in float64", () => {
      const stream = createRng(4).stream("gates");
      const experts = Array.from({ length: 6 }, (_unused, b) => [b % 3, 3 - (b % 2)].map((e) => (e === 3 ? 3 : e)));
      const gates = experts.map((chosen) => chosen.map(() => 0.1 + stream.uniform()));
      const shape = shapeOf(4, 2);
      const input = lossInput({ shape, experts });
      const compute = (gates_BR: tensorflow.Tensor): tensorflow.Scalar =>
        build().compute({ ...input, routing: { ...input.routing, gates_BR: gates_BR as tensorflow.Tensor2D } });
      const gradient = tf.grad(compute)(tf.tensor2d(gates)).arraySync() as number[][];
      for (const [b, row] of gates.entries()) {
        for (const r of row.keys()) {
          const moved = (by: number): number => {
            const other = gates.map((values) => [...values]);
            other[b]![r]! += by;
            return squaredVariation(experts, other, 4);
          };
          const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
          assert.ok(Math.abs(gradient[b]![r]! - expected) < 1e-5, `[${b}, ${r}]: ${gradient[b]![r]!}, not ${expected}`);
        }
      }
    });
    test("has a weight that warms up and decays", () => {
      const loss = build({ weight: 2, warmupSteps: 10, decayStart: 0.5 });
      assert.equal(
        [0, 5, 10, 50, 75, 99, 100].map((step) => loss.weight(step, 100)),
        [0, 1, 2, 2, 1, 0.04, 0],
      );
    });
  });
}
