import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { geometricMedian } from "../../../core/model/geometric-median.ts";
import {
  activationScale,
  normaliseActivations,
  normaliseRowsOnHost,
  scaleOfRows,
} from "../../../core/model/normalise-activations.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { makeModel, normalRows } from "./make-model.ts";

const width = 6;
const rows = 9;
const flat = normalRows(rows, width, 2).map((value, i) => 5 * value + (i % width));
const plain = Array.from({ length: rows }, (_unused, b) => [...flat.slice(b * width, (b + 1) * width)]);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
/** (x - mean) / (std + 1e-5), std over D - 1. */
const layerNormed = plain.map((row) => {
  const centre = mean(row);
  const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (row.length - 1));
  return row.map((value) => (value - centre) / (deviation + 1e-5));
});
const scale = Math.sqrt(width) / mean(plain.map(norm));

const close = (actual: ArrayLike<number>, expected: readonly number[], what: string, tolerance = 2e-6): void => {
  assert.is(actual.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs(actual[i]! - value) <= tolerance * (1 + Math.abs(value)),
      `${what} [${i}]: ${actual[i]!}, not ${value}`,
    );
  }
};

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`normalised activations on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });

    test("are the activations themselves without normalisation", () => {
      const acts_BD = tf.tensor2d(plain);
      const { acts_BD: same, restore } = normaliseActivations(tf, "none", acts_BD, undefined);
      assert.is(same, acts_BD);
      assert.is(restore(acts_BD), acts_BD);
      assert.is(normaliseRowsOnHost("none", flat, width, 3), flat);
    });
    test("have an average norm of sqrt(D) after expected-average-norm", () => {
      assert.ok(Math.abs(scaleOfRows(flat, width) - scale) < 1e-12);
      const host = normaliseRowsOnHost("expected-average-norm", flat, width, scale);
      const norms = plain.map((_row, b) => norm([...host.slice(b * width, (b + 1) * width)]));
      assert.ok(Math.abs(mean(norms) - Math.sqrt(width)) < 1e-5);
      const { acts_BD, restore } = normaliseActivations(
        tf,
        "expected-average-norm",
        tf.tensor2d(plain),
        tf.scalar(scale),
      );
      close(
        acts_BD.dataSync(),
        plain.flat().map((value) => value * scale),
        "scaled",
      );
      close(restore(acts_BD).dataSync(), plain.flat(), "restored");
    });
    test("keep a scale of 1 where all rows are zero", () => {
      assert.is(scaleOfRows(new Float32Array(3 * width), width), 1);
    });
    test("have mean 0 and deviation 1 in every row after layer-norm, on the device as on the host", () => {
      const { acts_BD, restore } = normaliseActivations(tf, "layer-norm", tf.tensor2d(plain), undefined);
      close(acts_BD.dataSync(), layerNormed.flat(), "normalised");
      close(normaliseRowsOnHost("layer-norm", flat, width, 1), layerNormed.flat(), "on the host");
      close(restore(acts_BD).dataSync(), plain.flat(), "restored", 1e-5);
    });
    test("come back by the deviation alone: the epsilon only guards the division", () => {
      // Deviation 2^-16, of the size of the epsilon.
      const size = 2 ** -16 * Math.sqrt((width - 1) / width);
      const small = Array.from({ length: width }, (_unused, d) => (d % 2 === 0 ? size : -size));
      const { acts_BD, restore } = normaliseActivations(tf, "layer-norm", tf.tensor2d([small]), undefined);
      close(
        acts_BD.dataSync(),
        small.map((value) => value / (2 ** -16 + 1e-5)),
        "normalised",
      );
      const restored = restore(tf.ones([1, width])).dataSync();
      for (const value of restored) assert.ok(Math.abs(value / 2 ** -16 - 1) < 1e-5, `${value}`);
    });
    test("bear a row without any variance", () => {
      const constant = tf.fill<tensorflow.Rank.R2>([1, width], 3);
      const { acts_BD, restore } = normaliseActivations(tf, "layer-norm", constant, undefined);
      close(acts_BD.dataSync(), new Array<number>(width).fill(0), "normalised");
      close(restore(acts_BD).dataSync(), new Array<number>(width).fill(3), "restored");
    });
    test("are what the model's bias starts from, and reconstructions come back in units of the activations", () => {
      for (const [kind, normalised, back] of [
        [
          "expected-average-norm",
          plain.map((row) => row.map((value) => value * scale)),
          (value: number) => value / scale,
        ],
        ["layer-norm", layerNormed, undefined],
      ] as const) {
        const model = makeModel({
          ...{ tf, kernels: device.kernels, width, features: 12 },
          router: { type: "none" },
          expert: { type: "relu" },
          dictionary: { normaliseActivations: kind },
        });
        assert.is(model.parameters.has(activationScale), kind === "expected-average-norm");
        model.initialiseFromRows(flat);
        const median = geometricMedian(Float32Array.from(normalised.flat()), width);
        close(model.parameters.get("decoder_bias").dataSync(), [...median], `${kind}: median`, 1e-5);
        const pass = model.forward(tf.tensor2d(plain));
        close(pass.normalised.acts_BD.dataSync(), normalised.flat(), `${kind}: what the model sees`, 1e-5);
        const inside = pass.normalised.reconstruction_BD.arraySync();
        const expected = inside.map((row, b) => {
          if (back !== undefined) return row.map(back);
          const centre = mean(plain[b]!);
          const spread = norm(plain[b]!.map((value) => value - centre)) / Math.sqrt(width - 1);
          return row.map((value) => value * spread + centre);
        });
        close(pass.reconstruction_BD.dataSync(), expected.flat(), `${kind}: reconstruction`, 1e-5);
        model.parameters.dispose();
      }
    });
  });
}
