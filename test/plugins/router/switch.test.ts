import type * as tensorflow from "@tensorflow/tfjs";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { NamedTensors } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { switch as switchRouter } from "../../../plugins/router/switch.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

const shape = createModelShape({ width: 3, features: 8, router: { numExperts: 4, numSelected: 1 } });

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`router switch on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}) =>
      buildPlugin(switchRouter, { type: "switch", experts: 4, ...options }, { tf });
    // Logits of row x are (x0, x1, x2, -x0).
    const parameters = (): NamedTensors => ({
      weight: tf.tensor2d([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [-1, 0, 0],
      ]),
      input_bias: tf.zeros([3]),
    });

    test("promises the experts of its options, one selected", () => {
      assert.equal(build().facts, { numExperts: 4, numSelected: 1, numShared: 0 });
      assert.equal(build({ shared: 1 }).facts, { numExperts: 4, numSelected: 2, numShared: 1 });
    });
    test("picks the most probable expert and gates with its probability", () => {
      const rows = [
        [2, 0, 1],
        [0, -1, 3],
        [-4, 1, 0],
      ];
      const routing = build().instance.route(tf.tensor2d(rows), parameters());
      assert.is(routing.expertIndices_BR.dtype, "int32");
      assert.equal(routing.expertIndices_BR.arraySync(), [[0], [2], [3]]);
      for (const [b, [x0, x1, x2]] of (rows as [number, number, number][]).entries()) {
        const exponentials = [x0, x1, x2, -x0].map(Math.exp);
        const total = exponentials.reduce((sum, value) => sum + value, 0);
        const expected = Math.max(...exponentials) / total;
        assert.ok(Math.abs(routing.gates_BR.arraySync()[b]![0]! - expected) < 1e-6);
        const probabilities = routing.probabilities_BE!.arraySync()[b]!;
        probabilities.forEach((p, e) => {
          assert.ok(Math.abs(p - exponentials[e]! / total) < 1e-6);
        });
      }
    });
    test("breaks ties by the lower expert", () => {
      const routing = build().instance.route(
        tf.tensor2d([
          [0, 0, 0],
          [0, 1, 1],
        ]),
        parameters(),
      );
      assert.equal(routing.expertIndices_BR.arraySync(), [[0], [1]]);
    });
    test("gates with 1 and still states probabilities when heaviside", () => {
      const routing = build({ gate: "heaviside" }).instance.route(tf.tensor2d([[2, 0, 1]]), parameters());
      assert.equal(routing.gates_BR.arraySync(), [[1]]);
      assert.equal(routing.probabilities_BE!.shape, [1, 4]);
    });
    test("subtracts its bias before routing, when it has one", () => {
      const shifted = { ...parameters(), input_bias: tf.tensor1d([10, 0, 0]) };
      assert.equal(
        build()
          .instance.route(tf.tensor2d([[2, 0, 1]]), shifted)
          .expertIndices_BR.arraySync(),
        [[3]],
      );
      const { weight } = parameters();
      const unbiased = build({ bias: "none" }).instance.route(tf.tensor2d([[2, 0, 1]]), { weight: weight! });
      assert.equal(unbiased.expertIndices_BR.arraySync(), [[0]]);
    });
    test("starts weights within 1/sqrt D, and its bias as the option says", () => {
      const { weight, input_bias } = build().instance.initialise(shape, createRng(0));
      assert.equal(weight!.shape, [4, 3]);
      assert.ok(weight!.values.every((value) => Math.abs(value) <= 1 / Math.sqrt(3)) && weight!.values.some(Boolean));
      assert.is(input_bias!.decoderBias, "shared");
      assert.is(
        build({ bias: "separate" }).instance.initialise(shape, createRng(0))["input_bias"]!.decoderBias,
        "copy",
      );
      assert.equal(Object.keys(build({ bias: "none" }).instance.initialise(shape, createRng(0))), ["weight"]);
    });
    test("has the gradient of p[e*] with respect to the logits", () => {
      const { weight, input_bias } = parameters();
      const route = (acts: tensorflow.Tensor): tensorflow.Scalar =>
        tf.sum(
          build().instance.route(acts as tensorflow.Tensor2D, { weight: weight!, input_bias: input_bias! }).gates_BR,
        );
      const x = [0.3, 1.1, -0.4];
      const gradient = tf
        .grad(route)(tf.tensor2d([x]))
        .dataSync();
      for (let d = 0; d < 3; d++) {
        const moved = (by: number): number => {
          const [x0 = 0, x1 = 0, x2 = 0] = x.map((value, i) => (i === d ? value + by : value));
          const exponentials = [x0, x1, x2, -x0].map(Math.exp);
          return Math.max(...exponentials) / exponentials.reduce((sum, value) => sum + value, 0);
        };
        const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert.ok(Math.abs(gradient[d]! - expected) < 1e-5, `${gradient[d]!} is not ${expected}`);
      }
    });
    test("appends shared experts with gate 1 and chooses among the others alone", () => {
      const { instance } = build({ experts: 6, shared: 2 });
      const routing = instance.route(tf.tensor2d([[-4, 1, 0]]), parameters());
      assert.equal(routing.expertIndices_BR.arraySync(), [[3, 4, 5]]);
      const [gates = []] = routing.gates_BR.arraySync();
      const exponentials = [-4, 1, 0, 4].map(Math.exp);
      const expected = exponentials[3]! / exponentials.reduce((sum, value) => sum + value, 0);
      assert.ok(Math.abs(gates[0]! - expected) < 1e-6);
      assert.equal(gates.slice(1), [1, 1]);
      assert.equal(routing.probabilities_BE!.shape, [1, 4]);
      assert.equal(routing.logits_BE!.arraySync(), [[-4, 1, 0, 4]]);
      const { weight } = instance.initialise(shape, createRng(0));
      assert.equal(weight!.shape, [4, 3]);
    });
    test("rejects as many shared experts as there are", () => {
      for (const make of [() => build({ shared: 4 }).facts, () => build({ shared: 5 }).instance]) {
        assert.throws(make, (error: SwitchyardError) => error.code === "SELECTED_EXPERTS_TOO_LARGE");
      }
    });
    test("rejects experts that are no positive number and gates that it does not know", () => {
      const right = { experts: 4, shared: 0, gate: "softmax", bias: "none" };
      assert.not.ok(Value.Check(switchRouter.options, { ...right, experts: 0 }));
      assert.not.ok(Value.Check(switchRouter.options, { ...right, gate: "sigmoid" }));
      assert.not.ok(Value.Check(switchRouter.options, { ...right, shared: -1 }));
      assert.ok(Value.Check(switchRouter.options, right));
    });
    test("adds shared experts, which it does not choose among, behind the chosen one", () => {
      const { instance, facts } = build({ experts: 6, shared: 2 });
      assert.equal(facts, { numExperts: 6, numSelected: 3, numShared: 2 });
      const rows = [
        [2, 0, 1],
        [0, -1, 3],
        [-4, 1, 0],
      ];
      const shared = instance.route(tf.tensor2d(rows), parameters());
      const alone = build().instance.route(tf.tensor2d(rows), parameters());
      assert.equal(shared.expertIndices_BR.arraySync(), [
        [0, 4, 5],
        [2, 4, 5],
        [3, 4, 5],
      ]);
      assert.equal(shared.expertIndices_BR.dtype, "int32");
      assert.equal(
        shared.gates_BR.arraySync(),
        alone.gates_BR.arraySync().map(([gate]) => [gate, 1, 1]),
      );
      assert.equal(shared.probabilities_BE!.arraySync(), alone.probabilities_BE!.arraySync());
      assert.equal(shared.logits_BE!.shape, [3, 4]);
      const wide = createModelShape({ width: 3, features: 12, router: facts });
      assert.is(wide.sharedExperts, 2);
      assert.equal(instance.initialise(wide, createRng(0))["weight"]?.shape, [4, 3]);
    });
    test("gives the scores whose softmax are the probabilities", () => {
      const { logits_BE } = build().instance.route(tf.tensor2d([[2, 0, 1]]), parameters());
      assert.equal(logits_BE!.arraySync(), [[2, 0, 1, -2]]);
    });
    test("refuses to share every expert", () => {
      for (const shared of [4, 5]) {
        assert.throws(
          () => build({ shared }),
          (error: SwitchyardError) => error.code === "SELECTED_EXPERTS_TOO_LARGE" && error.received === String(shared),
        );
      }
      assert.equal(build({ shared: 3 }).facts, { numExperts: 4, numSelected: 4, numShared: 3 });
    });
  });
}
