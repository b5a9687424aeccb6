import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { NamedTensors } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { topE } from "../../../plugins/router/top-e.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`router top-e on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}) => buildPlugin(topE, { type: "top-e", experts: 4, ...options }, { tf });
    // Scores of a row of width 4 are its positive parts.
    const parameters = (): NamedTensors => ({
      weight: tf.eye(4),
      score_bias: tf.zeros([4]),
      input_bias: tf.zeros([4]),
    });

    test("selects two experts unless told otherwise", () => {
      assert.equal(build().facts, { numExperts: 4, numSelected: 2, numShared: 0 });
      assert.equal(build({ e: 3 }).facts, { numExperts: 4, numSelected: 3, numShared: 0 });
    });
    test("selects the largest scores, best first, gated by a softmax over the selected", () => {
      const routing = build().instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      assert.is(routing.expertIndices_BR.dtype, "int32");
      assert.equal(routing.expertIndices_BR.arraySync(), [[2, 0]]);
      const [first, second] = routing.gates_BR.arraySync()[0]!;
      const expected = Math.exp(3) / (Math.exp(3) + Math.exp(1));
      assert.ok(Math.abs(first! - expected) < 1e-6);
      assert.ok(Math.abs(second! - (1 - expected)) < 1e-6);
    });
    test("clips scores at zero and breaks ties by the lower expert", () => {
      const rows = [
        [-1, -5, -2, -3],
        [-1, 0.5, -2, -3],
        [2, 2, 2, 2],
      ];
      const routing = build().instance.route(tf.tensor2d(rows), parameters());
      assert.equal(routing.expertIndices_BR.arraySync(), [
        [0, 1],
        [1, 0],
        [0, 1],
      ]);
      assert.equal(routing.gates_BR.arraySync()[0], [0.5, 0.5]);
    });
    test("gives the clipped scores as logits: the probabilities are their softmax", () => {
      const { logits_BE, probabilities_BE } = build().instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      assert.equal(logits_BE?.arraySync(), [[1, 0.5, 3, 0]]);
      const exponentials = [1, 0.5, 3, 0].map(Math.exp);
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      for (const [e, probability] of probabilities_BE!.arraySync()[0]!.entries())
        assert.ok(Math.abs(probability - exponentials[e]! / total) < 1e-6);
    });
    test("never selects an expert twice, whatever e", () => {
      const stream = createRng(2).stream("rows");
      const acts_BD = tf.tensor2d(Array.from({ length: 50 }, () => Array.from({ length: 4 }, () => stream.normal())));
      for (const e of [1, 2, 3, 4]) {
        const chosen = build({ e }).instance.route(acts_BD, parameters()).expertIndices_BR.arraySync();
        for (const experts of chosen) assert.is(new Set(experts).size, e);
      }
    });
    test("gates every selected expert with 1 when heaviside", () => {
      const routing = build({ gate: "heaviside" }).instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      assert.equal(routing.gates_BR.arraySync(), [[1, 1]]);
    });
    test("gates every selected expert with its probability among all when told to", () => {
      const routing = build({ gate: "softmax-all", e: 3 }).instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      const total = [1, 0.5, 3, 0].map(Math.exp).reduce((sum, value) => sum + value, 0);
      assert.equal(routing.expertIndices_BR.arraySync(), [[2, 0, 1]]);
      for (const [r, score] of [3, 1, 0.5].entries()) {
        assert.ok(Math.abs(routing.gates_BR.arraySync()[0]![r]! - Math.exp(score) / total) < 1e-6);
      }
    });
    test("tells one expert's probability apart from its share among the selected, which is 1", () => {
      const gateOf = (gate: string): number =>
        build({ gate, e: 1 })
          .instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters())
          .gates_BR.dataSync()[0]!;
      const total = [1, 0.5, 3, 0].map(Math.exp).reduce((sum, value) => sum + value, 0);
      assert.is(gateOf("softmax"), 1);
      assert.ok(Math.abs(gateOf("softmax-all") - Math.exp(3) / total) < 1e-6);
    });
    test("orders negative scores too when they are not clipped, and sends gradients through them", () => {
      const { instance } = build({ scores: "linear" });
      const acts_BD = tf.tensor2d([[-4, -1, -3, -2]]);
      const routing = instance.route(acts_BD, parameters());
      assert.equal(routing.expertIndices_BR.arraySync(), [[1, 3]]);
      assert.equal(routing.logits_BE!.arraySync(), [[-4, -1, -3, -2]]);
      const g = Math.exp(-1) / (Math.exp(-1) + Math.exp(-2));
      assert.ok(Math.abs(routing.gates_BR.arraySync()[0]![0]! - g) < 1e-6);
      const first = (acts: tensorflow.Tensor): tensorflow.Scalar =>
        tf.sum(tf.slice(instance.route(acts as tensorflow.Tensor2D, parameters()).gates_BR, [0, 0], [1, 1]));
      const gradient = tf.grad(first)(acts_BD).dataSync();
      [0, g * (1 - g), 0, -g * (1 - g)].forEach((value, e) => {
        assert.ok(Math.abs(gradient[e]! - value) < 1e-6);
      });
    });
    test("appends shared experts with gate 1 and chooses among the others alone", () => {
      const { facts, instance } = build({ experts: 6, shared: 2 });
      assert.equal(facts, { numExperts: 6, numSelected: 4, numShared: 2 });
      const routing = instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      assert.equal(routing.expertIndices_BR.arraySync(), [[2, 0, 4, 5]]);
      assert.equal(routing.gates_BR.arraySync()[0]!.slice(2), [1, 1]);
      assert.equal(routing.probabilities_BE!.shape, [1, 4]);
      const inits = instance.initialise(createModelShape({ width: 9, features: 12, router: facts }), createRng(0));
      assert.equal([inits["weight"]!.shape, inits["score_bias"]!.shape], [[4, 9], [4]]);
    });
    test("states probabilities over all experts", () => {
      const routing = build().instance.route(tf.tensor2d([[1, 0.5, 3, -2]]), parameters());
      const exponentials = [1, 0.5, 3, 0].map(Math.exp);
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      assert.equal(routing.logits_BE!.arraySync(), [[1, 0.5, 3, 0]]);
      routing.probabilities_BE!.arraySync()[0]!.forEach((p, e) => {
        assert.ok(Math.abs(p - exponentials[e]! / total) < 1e-6);
      });
    });
    test("uses its score bias and subtracts its input bias", () => {
      const biased = { ...parameters(), score_bias: tf.tensor1d([0, 9, 0, 0]), input_bias: tf.tensor1d([0, 0, 0, -5]) };
      const routing = build().instance.route(tf.tensor2d([[1, 0, 3, 0]]), biased);
      assert.equal(routing.expertIndices_BR.arraySync(), [[1, 3]]);
    });
    test("sends a gradient through the gates of positive scores only", () => {
      const first = (acts: tensorflow.Tensor): tensorflow.Scalar => {
        const { gates_BR } = build().instance.route(acts as tensorflow.Tensor2D, parameters());
        return tf.sum(tf.slice(gates_BR, [0, 0], [1, 1]));
      };
      // gate0 = sigmoid(s2 - s0), so d gate0 / d s2 = g (1 - g).
      const g = Math.exp(3) / (Math.exp(3) + Math.exp(1));
      const gradient = tf
        .grad(first)(tf.tensor2d([[1, 0.5, 3, -2]]))
        .dataSync();
      const expected = [-g * (1 - g), 0, g * (1 - g), 0];
      expected.forEach((value, e) => {
        assert.ok(Math.abs(gradient[e]! - value) < 1e-6);
      });
      const clipped = tf
        .grad(first)(tf.tensor2d([[-1, -1, -1, -1]]))
        .dataSync();
      assert.ok(clipped.every((value) => value === 0));
    });
    test("has a weight, a score bias of zeros and an input bias", () => {
      const { facts, instance } = build();
      const shape = createModelShape({ width: 9, features: 8, router: facts });
      const inits = instance.initialise(shape, createRng(0));
      assert.equal(Object.keys(inits), ["weight", "score_bias", "input_bias"]);
      assert.equal(inits["weight"]!.shape, [4, 9]);
      assert.ok(inits["weight"]!.values.every((value) => Math.abs(value) <= 1 / 3));
      assert.ok(inits["score_bias"]!.values.every((value) => value === 0));
      assert.is(inits["input_bias"]!.decoderBias, "shared");
      const without = build({ bias: "none" }).instance.initialise(shape, createRng(0));
      assert.equal(Object.keys(without), ["weight", "score_bias"]);
    });
    test("rejects more selected experts than there are", () => {
      assert.throws(
        () => build({ e: 5 }),
        (error: SwitchyardError) => {
          assert.is(error.code, "SELECTED_EXPERTS_TOO_LARGE");
          assert.is(error.expected, "at most 4, the number of experts");
          return true;
        },
      );
      assert.throws(
        () => build({ e: 3, shared: 2 }),
        (error: SwitchyardError) => {
          assert.is(error.expected, "at most 2, the number of experts that are not shared");
          return true;
        },
      );
    });
  });
}
