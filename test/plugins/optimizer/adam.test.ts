import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createParameters } from "../../../core/model/create-parameters.ts";
import type { ParameterSet } from "../../../core/model/parameters.ts";
import type { Optimizer } from "../../../core/training/contracts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { adam } from "../../../plugins/optimizer/adam.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";

/** Adam on one number, in float64. */
function adamByHand(start: number, gradients: readonly number[], learningRate: number): number {
  let [parameter, first, second] = [start, 0, 0];
  for (const [i, gradient] of gradients.entries()) {
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient ** 2;
    const corrected = first / (1 - 0.9 ** (i + 1));
    parameter -= (learningRate * corrected) / (Math.sqrt(second / (1 - 0.999 ** (i + 1))) + 1e-8);
  }
  return parameter;
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`optimizer adam on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = (options: object = {}): Optimizer =>
      buildPlugin(adam, { type: "adam", learningRate: 0.1, ...options }, { ...device }).instance;
    const make = (values: Record<string, number[][]>, shared: string[][] = []): ParameterSet => {
      const inits = Object.entries(values).map(([name, rows]) => {
        const init = { shape: [rows.length, rows[0]!.length], values: Float32Array.from(rows.flat()) };
        return [name, init] as const;
      });
      return createParameters({ tf, inits: new Map(inits), shared });
    };
    const apply = (
      optimizer: Optimizer,
      parameters: ParameterSet,
      values: Record<string, number[][]>,
      step: number,
    ): void => {
      const gradients = new Map(
        Object.entries(values).map(([name, rows]) => [name, tf.tensor2d(rows) as tensorflow.Tensor]),
      );
      optimizer.apply(parameters, gradients, { learningRateMultiplier: 1, step });
      tf.dispose([...gradients.values()]);
    };
    const close = (actual: number, expected: number): void => {
      assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
    };

    test("updates as algorithm 1 says, over several steps", () => {
      const parameters = make({ encoder: [[1, -2]] });
      const optimizer = build();
      optimizer.initialise(parameters);
      const steps = [
        [0.5, -1],
        [0.25, 3],
        [-0.1, 0.2],
      ];
      for (const [step, gradient] of steps.entries()) apply(optimizer, parameters, { encoder: [gradient] }, step);
      const [a, b] = parameters.get("encoder").dataSync();
      close(a!, adamByHand(1, [0.5, 0.25, -0.1], 0.1));
      close(b!, adamByHand(-2, [-1, 3, 0.2], 0.1));
    });
    test("applies the schedule's multiplier to its learning rate", () => {
      const parameters = make({ encoder: [[1]] });
      const optimizer = build();
      optimizer.initialise(parameters);
      const gradient = tf.tensor2d([[2]]);
      optimizer.apply(parameters, new Map([["encoder", gradient]]), { learningRateMultiplier: 0.25, step: 0 });
      close(parameters.get("encoder").dataSync()[0]!, 1 - 0.025);
      assert.is(optimizer.learningRate, 0.1);
    });
    test("renormalises decoder rows before the forward pass, a zero row excepted", () => {
      const parameters = make({
        decoder: [
          [3, 4],
          [0, 0],
        ],
        encoder: [[3, 4]],
      });
      build().prepare(parameters);
      const [x, y, ...rest] = parameters.get("decoder").dataSync();
      close(x!, 0.6);
      close(y!, 0.8);
      assert.equal(rest, [0, 0]);
      assert.equal([...parameters.get("encoder").dataSync()], [3, 4]);
    });
    test("moves decoder rows across their direction only", () => {
      const parameters = make({ decoder: [[1, 0]] });
      const optimizer = build();
      optimizer.initialise(parameters);
      apply(optimizer, parameters, { decoder: [[5, 2]] }, 0);
      const [x, y] = parameters.get("decoder").dataSync();
      assert.is(x, 1);
      close(y!, -0.1);
    });
    test("leaves the decoder free when asked", () => {
      const parameters = make({ decoder: [[3, 4]] });
      const optimizer = build({ decoderNorm: "free" });
      optimizer.initialise(parameters);
      optimizer.prepare(parameters);
      assert.equal([...parameters.get("decoder").dataSync()], [3, 4]);
      apply(optimizer, parameters, { decoder: [[5, 2]] }, 0);
      close(parameters.get("decoder").dataSync()[0]!, 2.9);
    });
    test("lands every update of a shared group on all of its members", () => {
      const parameters = make({ decoder_bias: [[1]], "router.input_bias": [[1]] }, [
        ["decoder_bias", "router.input_bias"],
      ]);
      const optimizer = build();
      optimizer.initialise(parameters);
      apply(optimizer, parameters, { decoder_bias: [[3]], "router.input_bias": [[2]] }, 0);
      for (const name of ["decoder_bias", "router.input_bias"]) close(parameters.get(name).dataSync()[0]!, 0.8);
      // Only one of them has a gradient: the other follows.
      apply(optimizer, parameters, { decoder_bias: [[3]] }, 1);
      const both = ["decoder_bias", "router.input_bias"].map((name) => parameters.get(name).dataSync()[0]!);
      assert.is(both[0], both[1]);
      assert.ok(both[0]! < 0.75);
    });
    test("leaves parameters without a gradient alone", () => {
      const parameters = make({ encoder: [[1]], "router.weight": [[1]] });
      const optimizer = build();
      optimizer.initialise(parameters);
      apply(optimizer, parameters, { encoder: [[1]] }, 0);
      assert.is(parameters.get("router.weight").dataSync()[0], 1);
    });
    test("goes on to the same bits from a stored state", () => {
      const [whole, resumed] = [make({ encoder: [[1, 2]] }), make({ encoder: [[1, 2]] })];
      const [a, b, c] = [build(), build(), build()];
      a.initialise(whole);
      b.initialise(resumed);
      for (const step of [0, 1]) {
        apply(a, whole, { encoder: [[0.3, -1]] }, step);
        apply(b, resumed, { encoder: [[0.3, -1]] }, step);
      }
      c.initialise(resumed);
      c.restore(b.state());
      b.dispose();
      apply(a, whole, { encoder: [[0.1, 0.1]] }, 2);
      apply(c, resumed, { encoder: [[0.1, 0.1]] }, 2);
      assert.equal(resumed.get("encoder").dataSync(), whole.get("encoder").dataSync());
    });
    test("refuses the state of other parameters, naming them", () => {
      const optimizer = build();
      optimizer.initialise(make({ encoder: [[1, 2]] }));
      const stored = new Map<string, tensorflow.Tensor>([
        ["encoder.first", tf.zeros([1, 2])],
        ["gate.second", tf.zeros([3])],
      ]);
      assert.throws(
        () => {
          optimizer.restore(stored);
        },
        (error: SwitchyardError) => {
          assert.is(error.code, "OPTIMIZER_STATE_MISMATCH");
          assert.is(error.expected, "also encoder.second [1, 2]");
          assert.is(error.received, "also gate.second [3]");
          return true;
        },
      );
    });
    test("keeps no tensor beyond its state, and frees that when disposed", () => {
      const parameters = make({ decoder: [[3, 4]], decoder_bias: [[1]], b: [[1]] }, [["decoder_bias", "b"]]);
      const before = tf.memory().numTensors;
      const optimizer = build();
      optimizer.initialise(parameters);
      for (const step of [0, 1, 2]) {
        optimizer.prepare(parameters);
        apply(optimizer, parameters, { decoder: [[1, 2]], decoder_bias: [[1]], b: [[1]] }, step);
      }
      assert.is(tf.memory().numTensors, before + 6);
      optimizer.dispose();
      assert.is(tf.memory().numTensors, before);
    });
    test("projects before clipping where asked: what it takes out does not count in the norm, and is not taken out again", () => {
      const parameters = make({
        decoder: [
          [3, 4],
          [0, 2],
        ],
        encoder: [[1, 1]],
      });
      const given = new Map<string, tensorflow.Tensor>([
        [
          "decoder",
          tf.tensor2d([
            [1, 2],
            [5, 7],
          ]),
        ],
        ["encoder", tf.tensor2d([[1, 1]])],
      ]);
      assert.not("project" in build());
      assert.not("project" in build({ projection: "before-clipping", decoderNorm: "free" }));
      const optimizer = build({ projection: "before-clipping" });
      const projected = optimizer.project!(parameters, given);
      assert.equal([...projected.keys()], ["decoder"]);
      // u = (0.6, 0.8): (1, 2) - 2.2 u; u = (0, 1): (5, 0).
      const expected = [1 - 2.2 * 0.6, 2 - 2.2 * 0.8, 5, 0];
      for (const [i, value] of [...projected.get("decoder")!.dataSync()].entries()) close(value, expected[i]!);
      assert.is(optimizer.project!(parameters, new Map()).size, 0);
      optimizer.initialise(parameters);
      // A gradient along a row moves it: `apply` was promised a projected one.
      apply(
        optimizer,
        parameters,
        {
          decoder: [
            [3, 4],
            [0, 0],
          ],
        },
        0,
      );
      const [x, y] = parameters.get("decoder").dataSync();
      close(x!, 2.9);
      close(y!, 3.9);
    });
    test("renormalises at once after the update where asked, and not before the forward pass", () => {
      const parameters = make({ decoder: [[3, 4]], encoder: [[3, 4]] });
      const optimizer = build({ renormalisation: "after-update" });
      optimizer.initialise(parameters);
      optimizer.prepare(parameters);
      assert.equal([...parameters.get("decoder").dataSync()], [3, 4]);
      apply(optimizer, parameters, { decoder: [[0, 0]] }, 0);
      const [x, y] = parameters.get("decoder").dataSync();
      close(x!, 0.6);
      close(y!, 0.8);
      const free = build({ renormalisation: "after-update", decoderNorm: "free" });
      const others = make({ decoder: [[3, 4]] });
      free.initialise(others);
      apply(free, others, { decoder: [[0, 0]] }, 0);
      assert.equal([...others.get("decoder").dataSync()], [3, 4]);
    });
    test("forgets features that were given new rows, and nothing of the others", () => {
      const parameters = createParameters({
        tf,
        inits: new Map(
          (
            [
              ["encoder", [3, 2]],
              ["encoder_bias", [3]],
              ["decoder", [3, 2]],
              ["decoder_bias", [2]],
              // As many experts as features: still not rows of features.
              ["router.weight", [3, 2]],
              ["expert.threshold", [3]],
              ["expert.scale", [1]],
            ] as const
          ).map(([name, dims]) => {
            const size = dims.reduce((product: number, length) => product * length, 1);
            return [name, { shape: [...dims], values: new Float32Array(size) }];
          }),
        ),
        shared: [],
      });
      const optimizer = build();
      optimizer.initialise(parameters);
      optimizer.restore(new Map([...optimizer.state()].map(([name, moment]) => [name, tf.fill(moment.shape, 2)])));
      const held = tf.memory().numTensors;
      const forgotten_F = tf.tensor1d([0, 1, 0]);
      optimizer.forget!(forgotten_F);
      forgotten_F.dispose();
      assert.is(tf.memory().numTensors, held);
      for (const [name, moment] of optimizer.state()) {
        const isForgotten = /^(?:encoder|encoder_bias|decoder|expert\.threshold)\./.test(name);
        const expected = isForgotten
          ? moment.rank === 2
            ? [2, 2, 0, 0, 2, 2]
            : [2, 0, 2]
          : [...moment.dataSync()].fill(2);
        assert.equal([...moment.dataSync()], expected, name);
      }
    });
  });
}
