import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { stochastic } from "../../../plugins/router/stochastic.ts";
import { switch as switchRouter } from "../../../plugins/router/switch.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { normalRows } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

const moment = { step: 2, totalSteps: 10 };

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`router stochastic on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}, seed = 1) =>
      buildPlugin(stochastic, { type: "stochastic", experts: 4, ...options }, { tf, rng: createRng(seed) });
    // Logits of row x are (x0, x1, x2, -x0).
    const parameters = () => ({
      weight: tf.tensor2d([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [-1, 0, 0],
      ]),
      input_bias: tf.zeros([3]),
    });
    const softmaxOf = ([x0 = 0, x1 = 0, x2 = 0]: readonly number[]): number[] => {
      const exponentials = [x0, x1, x2, -x0].map(Math.exp);
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      return exponentials.map((value) => value / total);
    };

    test("draws experts with the frequencies of the softmax while training", () => {
      const row = [0.5, 1, -0.3];
      const count = 20_000;
      const acts_BD = tf.tensor2d(Array.from({ length: count }, () => row));
      const chosen = build().instance.route(acts_BD, parameters(), moment).expertIndices_BR.dataSync();
      const counts = [0, 0, 0, 0];
      for (const e of chosen) counts[e]! += 1;
      for (const [e, p] of softmaxOf(row).entries()) {
        const deviation = Math.sqrt(count * p * (1 - p));
        assert.ok(Math.abs(counts[e]! - count * p) < 5 * deviation, `${e}: ${counts[e]!}, not ${count * p}`);
      }
    });
    test("gates with the probability of the drawn expert, and states the probabilities it drew from", () => {
      const rows = Array.from({ length: 30 }, (_unused, b) => [...normalRows(1, 3, b)]);
      const { expertIndices_BR, gates_BR, probabilities_BE } = build().instance.route(
        tf.tensor2d(rows),
        parameters(),
        moment,
      );
      let numSurprising = 0;
      for (const [b, row] of rows.entries()) {
        const [e = -1] = expertIndices_BR.arraySync()[b]!;
        const expected = softmaxOf(row);
        assert.ok(Math.abs(gates_BR.arraySync()[b]![0]! - expected[e]!) < 1e-6);
        expected.forEach((p, other) => {
          assert.ok(Math.abs(probabilities_BE!.arraySync()[b]![other]! - p) < 1e-6);
        });
        if (expected[e]! < Math.max(...expected)) numSurprising += 1;
      }
      assert.ok(numSurprising > 5, `${numSurprising}`);
    });
    test("repeats its draw at the same step and draws anew at another step or seed", () => {
      const acts_BD = tf.tensor2d(normalRows(50, 3), [50, 3]);
      const chosen = (seed: number, step: number): number[] => [
        ...build({}, seed)
          .instance.route(acts_BD, parameters(), { ...moment, step })
          .expertIndices_BR.dataSync(),
      ];
      assert.equal(chosen(1, 2), chosen(1, 2));
      assert.not.equal(chosen(1, 2), chosen(1, 3));
      assert.not.equal(chosen(1, 2), chosen(2, 2));
    });
    test("is the switch router when it is evaluated, to the bit", () => {
      const acts_BD = tf.tensor2d(normalRows(40, 3), [40, 3]);
      for (const options of [{}, { gate: "heaviside" }, { experts: 5, shared: 1 }]) {
        const other = buildPlugin(switchRouter, { type: "switch", experts: 4, ...options }, { tf }).instance;
        const [ours, theirs] = [build(options).instance, other].map((router) => {
          const { expertIndices_BR, gates_BR } = router.route(acts_BD, parameters());
          return [expertIndices_BR.arraySync(), gates_BR.arraySync()];
        });
        assert.equal(ours, theirs);
      }
    });
    test("has the gradient of the drawn expert's probability, the draw held", () => {
      const row = [0.3, 1.1, -0.4];
      const { instance } = build();
      const route = (acts: tensorflow.Tensor) => instance.route(acts as tensorflow.Tensor2D, parameters(), moment);
      const [chosen = -1] = route(tf.tensor2d([row])).expertIndices_BR.dataSync();
      const gradient = tf
        .grad((acts: tensorflow.Tensor) => tf.sum(route(acts).gates_BR))(tf.tensor2d([row]))
        .dataSync();
      for (let d = 0; d < 3; d += 1) {
        const moved = (by: number): number => softmaxOf(row.map((x, i) => (i === d ? x + by : x)))[chosen]!;
        const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(gradient[d]! - expected) < 1e-5, `${gradient[d]!} is not ${expected}`);
      }
    });
    test("gates with 1 when heaviside, and appends shared experts while training too", () => {
      const { facts, instance } = build({ experts: 6, shared: 2, gate: "heaviside" });
      assert.equal(facts, { numExperts: 6, numSelected: 3, numShared: 2 });
      const { expertIndices_BR, gates_BR } = instance.route(tf.tensor2d([[1, 2, 3]]), parameters(), moment);
      assert.equal(expertIndices_BR.arraySync()[0]!.slice(1), [4, 5]);
      assert.equal(gates_BR.arraySync(), [[1, 1, 1]]);
      const inits = instance.initialise(createModelShape({ width: 3, features: 12, router: facts }), createRng(0));
      assert.equal(Object.keys(inits), ["weight", "input_bias"]);
      assert.equal(inits["weight"]!.shape, [4, 3]);
    });
    test("rejects as many shared experts as there are", () => {
      assert.throws(
        () => build({ shared: 4 }),
        (error: SwitchyardError) => error.code === "SELECTED_EXPERTS_TOO_LARGE",
      );
    });
  });
}
