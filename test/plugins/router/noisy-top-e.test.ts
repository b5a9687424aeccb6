import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { routerStream } from "../../../core/model/router-draws.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { noisyTopE } from "../../../plugins/router/noisy-top-e.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

const width = 3;
const routed = 4;
const moment = { step: 6, totalSteps: 10 };
const rows = [
  [0.4, -1.2, 0.9],
  [-0.7, 0.1, 1.6],
  [1.5, 0.8, -0.3],
];
const weight = [
  [0.5, -0.2, 0.1],
  [-0.4, 0.9, 0.3],
  [0.2, 0.2, -0.6],
  [-0.1, 0.4, 0.7],
];
const noiseWeight = [
  [0.3, 0.1, -0.5],
  [-0.2, 0.6, 0.4],
  [0.8, -0.3, 0.2],
  [0.1, 0.5, -0.4],
];
const centre = [0.1, -0.2, 0.3];

/** H of eq. 4 in float64, with the numbers that the run's seed draws at the step. */
function noisyScores(w: number[][], wNoise: number[][], seed = 1): number[][] {
  const stream = routerStream(createRng(seed), moment);
  const dot = (a: number[], row: number[]): number => a.reduce((sum, x, d) => sum + x * (row[d]! - centre[d]!), 0);
  return rows.map((row) =>
    w.map((w_D, e) => dot(w_D, row) + Math.fround(stream.normal()) * Math.log1p(Math.exp(dot(wNoise[e]!, row)))),
  );
}

/** The two largest, and their softmax among themselves. */
function select(scores: number[]): { chosen: number[]; gates: number[] } {
  const chosen = scores.map((_s, e) => e).sort((a, b) => scores[b]! - scores[a]!);
  const pair = chosen.slice(0, 2);
  const exponentials = pair.map((e) => Math.exp(scores[e]!));
  return { chosen: pair, gates: exponentials.map((x) => x / (exponentials[0]! + exponentials[1]!)) };
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`router noisy-top-e on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}, seed = 1) =>
      buildPlugin(noisyTopE, { type: "noisy-top-e", experts: routed, ...options }, { tf, rng: createRng(seed) });
    const parameters = () => ({
      weight: tf.tensor2d(weight),
      noise_weight: tf.tensor2d(noiseWeight),
      input_bias: tf.tensor1d(centre),
    });
    const assertNear = (actual: number, expected: number, what: string): void => {
      assert.ok(Math.abs(actual - expected) < 1e-5, `${what}: ${actual}, not ${expected}`);
    };

    test("selects by noisy scores while training, gated by a softmax over the selected (eq. 3-5)", () => {
      const routing = build().instance.route(tf.tensor2d(rows), parameters(), moment);
      for (const [b, scores] of noisyScores(weight, noiseWeight).entries()) {
        const { chosen, gates } = select(scores);
        assert.equal(routing.expertIndices_BR.arraySync()[b], chosen);
        const total = scores.reduce((sum, h) => sum + Math.exp(h), 0);
        gates.forEach((gate, r) => {
          assertNear(routing.gates_BR.arraySync()[b]![r]!, gate, `gate ${r} of row ${b}`);
        });
        scores.forEach((h, e) => {
          assertNear(routing.logits_BE!.arraySync()[b]![e]!, h, `logit ${e} of row ${b}`);
          assertNear(
            routing.probabilities_BE!.arraySync()[b]![e]!,
            Math.exp(h) / total,
            `probability ${e} of row ${b}`,
          );
        });
      }
    });
    test("adds no noise when it is evaluated", () => {
      const routing = build().instance.route(tf.tensor2d(rows), parameters());
      for (const [b, row] of rows.entries()) {
        const clean = weight.map((w_D) => w_D.reduce((sum, w, d) => sum + w * (row[d]! - centre[d]!), 0));
        clean.forEach((score, e) => {
          assertNear(routing.logits_BE!.arraySync()[b]![e]!, score, `logit ${e} of row ${b}`);
        });
        assert.equal(routing.expertIndices_BR.arraySync()[b], select(clean).chosen);
      }
    });
    test("repeats its noise at the same step and draws other noise at another step or seed", () => {
      const logits = (seed: number, step: number): number[] => [
        ...build({}, seed)
          .instance.route(tf.tensor2d(rows), parameters(), { ...moment, step })
          .logits_BE!.dataSync(),
      ];
      assert.equal(logits(1, 6), logits(1, 6));
      assert.not.equal(logits(1, 6), logits(1, 7));
      assert.not.equal(logits(1, 6), logits(2, 6));
    });
    test("sends the gates' gradient into the weight and the noise's weight, as finite differences in float64 say", () => {
      const coefficients = [
        [0.7, -1.3],
        [1.1, 0.4],
        [-0.6, 0.9],
      ];
      const value = (w: number[][], wNoise: number[][]): number =>
        noisyScores(w, wNoise).reduce((sum, scores, b) => {
          const { gates } = select(scores);
          return sum + gates[0]! * coefficients[b]![0]! + gates[1]! * coefficients[b]![1]!;
        }, 0);
      const { instance } = build();
      const [byWeight, byNoise] = tf.grads((w: tensorflow.Tensor, n: tensorflow.Tensor) => {
        const named = { weight: w, noise_weight: n, input_bias: tf.tensor1d(centre) };
        return tf.sum(tf.mul(instance.route(tf.tensor2d(rows), named, moment).gates_BR, coefficients));
      })([tf.tensor2d(weight), tf.tensor2d(noiseWeight)]);
      const moved = (matrix: number[][], index: number, by: number): number[][] =>
        matrix.map((row, e) => row.map((x, d) => (e * width + d === index ? x + by : x)));
      let largest = 0;
      for (let i = 0; i < routed * width; i += 1) {
        const inWeight = (by: number): number => value(moved(weight, i, by), noiseWeight);
        const inNoise = (by: number): number => value(weight, moved(noiseWeight, i, by));
        assertNear(byWeight!.dataSync()[i]!, (inWeight(1e-5) - inWeight(-1e-5)) / 2e-5, `weight ${i}`);
        const expected = (inNoise(1e-5) - inNoise(-1e-5)) / 2e-5;
        assertNear(byNoise!.dataSync()[i]!, expected, `noise weight ${i}`);
        largest = Math.max(largest, Math.abs(expected));
      }
      assert.ok(largest > 0.01, `${largest}`);
    });
    test("starts its noise's weight at zeros, with a weight for every expert that is not shared", () => {
      const { facts, instance } = build({ experts: 6, shared: 2 });
      assert.equal(facts, { numExperts: 6, numSelected: 4, numShared: 2, scores: 8 });
      const inits = instance.initialise(createModelShape({ width, features: 12, router: facts }), createRng(0));
      assert.equal(Object.keys(inits), ["weight", "noise_weight", "input_bias"]);
      assert.equal(
        [inits["weight"]!.shape, inits["noise_weight"]!.shape],
        [
          [4, width],
          [4, width],
        ],
      );
      assert.ok(inits["noise_weight"]!.values.every((value) => value === 0));
      assert.ok(inits["weight"]!.values.some((value) => value !== 0));
      const { expertIndices_BR, gates_BR } = instance.route(tf.tensor2d(rows), parameters(), moment);
      for (const b of rows.keys()) {
        assert.equal(expertIndices_BR.arraySync()[b]!.slice(2), [4, 5]);
        assert.equal(gates_BR.arraySync()[b]!.slice(2), [1, 1]);
      }
    });
    test("gates by the other conventions of top-e too", () => {
      const gatesOf = (gate: string): number[][] =>
        build({ gate }).instance.route(tf.tensor2d(rows), parameters(), moment).gates_BR.arraySync();
      assert.ok(
        gatesOf("heaviside")
          .flat()
          .every((gate) => gate === 1),
      );
      for (const [b, scores] of noisyScores(weight, noiseWeight).entries()) {
        const total = scores.reduce((sum, h) => sum + Math.exp(h), 0);
        select(scores).chosen.forEach((e, r) => {
          assertNear(gatesOf("softmax-all")[b]![r]!, Math.exp(scores[e]!) / total, `gate ${r} of row ${b}`);
        });
      }
    });
    test("rejects more selected experts than there are", () => {
      assert.throws(
        () => build({ e: 4, shared: 1 }),
        (error: SwitchyardError) => error.code === "SELECTED_EXPERTS_TOO_LARGE",
      );
    });
  });
}
