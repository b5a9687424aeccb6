import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { decoderOrthogonality } from "../../../plugins/loss/decoder-orthogonality.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const width = 5;
const shapeOf = (numExperts: number, features = 12) =>
  createModelShape({ width, features, router: { numExperts, numSelected: 1 } });

/** Straight from the definition, over all pairs of features of different experts. */
function meanExcess(rows: readonly (readonly number[])[], perExpert: number, margin = 0): number {
  let sum = 0;
  let count = 0;
  const norm = (row: readonly number[]): number => Math.sqrt(row.reduce((total, value) => total + value * value, 0));
  for (const [i, row] of rows.entries()) {
    for (const [j, other] of rows.entries()) {
      if (Math.floor(i / perExpert) === Math.floor(j / perExpert)) continue;
      const cosine = row.reduce((total, value, d) => total + value * other[d]!, 0) / norm(row) / norm(other);
      sum += Math.max(0, Math.abs(cosine) - margin) ** 2;
      count += 1;
    }
  }
  return sum / count;
}

const stream = createRng(8).stream("decoder");
const decoder = Array.from({ length: 12 }, () => Array.from({ length: width }, () => stream.normal()));

for (const provider of [cpuDevice, wasmDevice, nativeDevice({ threads: 2 })]) {
  suite(`loss decoder-orthogonality on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = (options: object = {}, seed = 1) =>
      buildPlugin(
        decoderOrthogonality,
        { type: "decoder-orthogonality", weight: 1, ...options },
        { tf, kernels: device.kernels, rng: createRng(seed) },
      ).instance;
    const valueAt = (step: number, options: object = {}, seed = 1): number => {
      const training = { step, totalSteps: 1000 };
      const input = lossInput({ shape: shapeOf(4), decoder, training });
      return tf.tidy(() => build(options, seed).compute(input).dataSync()[0]!);
    };

    test("is the mean squared cosine between rows of different experts where the sample is everything", () => {
      const value = valueAt(0, { rowsPerExpert: 3 });
      assert.ok(Math.abs(value - meanExcess(decoder, 3)) < 1e-6, `${value}`);
      assert.is(valueAt(5, { rowsPerExpert: 1000 }), valueAt(5));
      assert.ok(Math.abs(valueAt(7) - value) < 1e-6);
    });
    test("counts only what lies above the margin", () => {
      for (const margin of [0.3, 0.9]) {
        const value = valueAt(0, { margin });
        assert.ok(Math.abs(value - meanExcess(decoder, 3, margin)) < 1e-6, `${margin}: ${value}`);
      }
      assert.is(valueAt(0, { margin: 0.999 }), 0);
    });
    test("is 0 for orthogonal experts, whatever lies inside each, and 1 where all rows are copies", () => {
      const rows = (make: (f: number) => number[]): number[][] => Array.from({ length: 4 }, (_unused, f) => make(f));
      const shape = shapeOf(2, 4);
      const apart = rows((f) => (f < 2 ? [1 + f, 0, 0, 0, 0] : [0, 3, 0, 0, 0]));
      assert.is(
        build()
          .compute(lossInput({ shape, decoder: apart }))
          .dataSync()[0],
        0,
      );
      const copies = rows((f) => [f % 2 === 0 ? 2 : -2, 0, 0, 0, 0]);
      assert.is(
        build()
          .compute(lossInput({ shape, decoder: copies }))
          .dataSync()[0],
        1,
      );
    });
    test("does not change with the norms of rows, and bears a row of zeros", () => {
      const scaled = decoder.map((row, f) => row.map((value) => value * (f + 1)));
      const valueOf = (rows: number[][]): number =>
        build()
          .compute(lossInput({ shape: shapeOf(4), decoder: rows }))
          .dataSync()[0]!;
      assert.ok(Math.abs(valueOf(scaled) - valueOf(decoder)) < 1e-6);
      assert.ok(Number.isFinite(valueOf(decoder.map((row, f) => (f === 2 ? row.map(() => 0) : row)))));
    });
    test("is 0 for one expert", () => {
      assert.is(
        build()
          .compute(lossInput({ shape: shapeOf(1), decoder }))
          .dataSync()[0],
        0,
      );
    });
    test("draws another sample at every step, the same one again for a step and a seed", () => {
      const one = { rowsPerExpert: 1 };
      const values = Array.from({ length: 20 }, (_unused, step) => valueAt(step, one));
      assert.ok(new Set(values).size > 15);
      assert.is(valueAt(3, one), values[3]);
      assert.not.equal(
        Array.from({ length: 20 }, (_unused, step) => valueAt(step, one, 2)),
        values,
      );
    });
    test("is unbiased: samples average to the value over all pairs", () => {
      const steps = 2000;
      let sum = 0;
      for (let step = 0; step < steps; step++) sum += valueAt(step, { rowsPerExpert: 2 });
      // The standard error over 2000 steps is about 0.0013.
      assert.ok(Math.abs(sum / steps - meanExcess(decoder, 3)) < 0.005, `${sum / steps}`);
    });
    test("has gradients in the decoder that agree with finite differences in float64", () => {
      for (const margin of [0, 0.25]) {
        const input = lossInput({ shape: shapeOf(4), decoder });
        const compute = (decoder_FD: tensorflow.Tensor): tensorflow.Scalar =>
          build({ margin }).compute({ ...input, decoder_FD: decoder_FD as tensorflow.Tensor2D });
        const gradient = tf.grad(compute)(tf.tensor2d(decoder)).arraySync() as number[][];
        for (const [f, row] of decoder.entries()) {
          for (const d of row.keys()) {
            const moved = (by: number): number => {
              const other = decoder.map((values) => [...values]);
              other[f]![d]! += by;
              return meanExcess(other, 3, margin);
            };
            const expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert.ok(
              Math.abs(gradient[f]![d]! - expected) < 1e-5,
              `[${f}, ${d}]: ${gradient[f]![d]!}, not ${expected}`,
            );
          }
        }
      }
    });
    test("touches only the rows of its sample", () => {
      const input = lossInput({ shape: shapeOf(4), decoder });
      const compute = (decoder_FD: tensorflow.Tensor): tensorflow.Scalar =>
        build({ rowsPerExpert: 1 }).compute({ ...input, decoder_FD: decoder_FD as tensorflow.Tensor2D });
      const gradient = tf.grad(compute)(tf.tensor2d(decoder)).arraySync() as number[][];
      const touched = gradient.flatMap((row, f) => (row.some((value) => value !== 0) ? [f] : []));
      assert.equal(
        touched.map((f) => Math.floor(f / 3)),
        [0, 1, 2, 3],
      );
    });
    test("has a weight that warms up and decays", () => {
      const loss = build({ weight: 2, warmupSteps: 10, decayStart: 0.5 });
      assert.equal(
        [0, 5, 10, 50, 75, 100].map((step) => loss.weight(step, 100)),
        [0, 1, 2, 2, 1, 0],
      );
    });
    test("leaves nothing behind but its value", () => {
      const input = lossInput({ shape: shapeOf(4), decoder });
      const before = tf.memory().numTensors;
      const value = tf.tidy(() => build().compute(input));
      assert.is(tf.memory().numTensors, before + 1);
      value.dispose();
    });
  });
}
