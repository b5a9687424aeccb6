import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { routerZ } from "../../../plugins/loss/router-z.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shapeOf = (numExperts: number) =>
  createModelShape({ width: 4, features: 12, router: { numExperts, numSelected: 1 } });
const logits = [
  [1, -2, 0.5],
  [3, 3, -1],
  [-4, -5, -4.5],
];
const logSumExp = (row: readonly number[]): number => Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0));
const inFloat64 = (rows: readonly (readonly number[])[]): number =>
  rows.reduce((sum, row) => sum + logSumExp(row) ** 2, 0) / rows.length;

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss router-z on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}) =>
      buildPlugin(routerZ, { type: "router-z", weight: 0.001, ...options }, { tf }).instance;
    const valueOf = (rows: readonly (readonly number[])[], shape = shapeOf(3)): number =>
      build()
        .compute(lossInput({ shape, logits: rows }))
        .dataSync()[0]!;

    test("is the mean over rows of the squared log of the sum of exponentials", () => {
      assert.ok(Math.abs(valueOf(logits) - inFloat64(logits)) < 1e-5);
    });
    test("is log(E)^2 for scores of 0, and 0 where the exponentials sum to 1", () => {
      assert.ok(Math.abs(valueOf([[0, 0, 0]]) - Math.log(3) ** 2) < 1e-6);
      assert.ok(valueOf([[0.2, 0.3, 0.5].map(Math.log)]) < 1e-12);
    });
    test("is finite for scores whose exponentials are not", () => {
      assert.is(valueOf([[300, 0, -300]]), 90_000);
      assert.is(valueOf([[-300, -900, -900]]), 90_000);
    });
    test("has gradients in the scores that agree with finite differences in float64", () => {
      const input = lossInput({ shape: shapeOf(3) });
      const compute = (given: tensorflow.Tensor): tensorflow.Scalar =>
        build().compute({ ...input, routing: { ...input.routing, logits_BE: given as tensorflow.Tensor2D } });
      const gradient = tf.grad(compute)(tf.tensor2d(logits)).arraySync() as number[][];
      for (const [b, row] of logits.entries()) {
        for (const e of row.keys()) {
          const moved = (by: number): number =>
            inFloat64(logits.map((other, i) => other.map((score, j) => (i === b && j === e ? score + by : score))));
          const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
          assert.ok(Math.abs(gradient[b]![e]! - expected) < 1e-5, `[${b}, ${e}]: ${gradient[b]![e]!}, not ${expected}`);
        }
      }
    });
    test("is 0 with one expert, with scores or without", () => {
      assert.is(valueOf([[2], [3]], shapeOf(1)), 0);
      assert.is(
        build()
          .compute(lossInput({ shape: shapeOf(1) }))
          .dataSync()[0],
        0,
      );
    });
    test("says which router has scores when this one has none", () => {
      assert.throws(
        () => build().compute(lossInput({ shape: shapeOf(3), probabilities: [[0.2, 0.3, 0.5]] })),
        (error: SwitchyardError) => {
          assert.is(error.code, "ROUTER_HAS_NO_LOGITS");
          assert.is(error.where, "losses, router-z");
          assert.match(error.next ?? "", /switch/);
          return true;
        },
      );
    });
    test("has a weight that warms up and decays", () => {
      const loss = build({ weight: 4, warmupSteps: 4, decayStart: 0.75 });
      assert.equal(
        [0, 1, 4, 15, 18, 20].map((step) => loss.weight(step, 20)),
        [0, 1, 4, 4, 1.6, 0],
      );
    });
  });
}
