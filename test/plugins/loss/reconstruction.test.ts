import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Encoding } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { LossInput } from "../../../core/training/contracts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { reconstruction } from "../../../plugins/loss/reconstruction.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shape = createModelShape({ width: 2, features: 4, router: { numExperts: 1, numSelected: 1 } });

/** Sum over all numbers of the squared difference. */
function squared(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return a.reduce((sum, row, i) => sum + row.reduce((inner, value, d) => inner + (value - b[i]![d]!) ** 2, 0), 0);
}

suite("loss reconstruction", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });
  const build = (options: object = {}) =>
    buildPlugin(reconstruction, { type: "reconstruction", ...options }, { tf, kernels: device.kernels }).instance;
  test("sums over dimensions and averages over rows", () => {
    const input = lossInput({
      shape,
      acts: [
        [1, 2],
        [0, 0],
      ],
      reconstruction: [
        [1, 0],
        [3, 4],
      ],
    });
    assert.is(build().compute(input).dataSync()[0], (4 + 25) / 2);
  });
  test("is zero for a perfect reconstruction", () => {
    assert.is(
      build()
        .compute(lossInput({ shape, acts: [[1, 2]], reconstruction: [[1, 2]] }))
        .dataSync()[0],
      0,
    );
  });
  test("weighs 1 unless told otherwise, at every step", () => {
    assert.equal([build().weight(0, 2000), build().weight(1000, 2000)], [1, 1]);
    assert.is(build({ weight: 0.5 }).weight(3, 1000), 0.5);
  });
  test("has gradient 2 (x_hat - x) / B", () => {
    const value = (reconstruction_BD: tf.Tensor): tf.Scalar =>
      build().compute({
        ...lossInput({
          shape,
          acts: [
            [1, 2],
            [0, 0],
          ],
        }),
        reconstruction_BD: reconstruction_BD as tf.Tensor2D,
      });
    assert.equal(
      tf
        .grad(value)(
          tf.tensor2d([
            [1, 0],
            [3, 4],
          ]),
        )
        .arraySync(),
      [
        [0, -2],
        [3, 4],
      ],
    );
  });
  test("is the sum over D, the mean over it, or the fraction of the batch's variance", () => {
    const stream = createRng(2).stream("rows");
    const matrix = (): number[][] => Array.from({ length: 7 }, () => [3 * stream.normal(), 1 + stream.normal()]);
    const [acts, reconstructed] = [matrix(), matrix()];
    const error = squared(acts, reconstructed) / 7;
    const means = [0, 1].map((d) => acts.reduce((sum, row) => sum + row[d]!, 0) / 7);
    const variance =
      squared(
        acts,
        acts.map(() => means),
      ) / 7;
    const input = lossInput({ shape, acts, reconstruction: reconstructed });
    for (const [form, expected] of [
      ["sum", error],
      ["mean", error / 2],
      ["normalised", error / variance],
    ] as const) {
      const value = build({ form }).compute(input).dataSync()[0]!;
      assert.ok(Math.abs(value - expected) < 1e-5 * expected, `${form}: ${value}, not ${expected}`);
      const compute = (given: tf.Tensor): tf.Scalar =>
        build({ form }).compute({ ...input, reconstruction_BD: given as tf.Tensor2D });
      const gradient = tf.grad(compute)(tf.tensor2d(reconstructed)).arraySync() as number[][];
      for (const [b, row] of reconstructed.entries()) {
        for (const [d, value_] of row.entries()) {
          const wanted = ((2 * (value_ - acts[b]![d]!)) / 7) * (expected / error);
          assert.ok(Math.abs(gradient[b]![d]! - wanted) < 1e-5 * (1 + Math.abs(wanted)), `${form} [${b}, ${d}]`);
        }
      }
    }
  });
  test("is finite for a batch of equal rows when normalised", () => {
    const input = lossInput({
      shape,
      acts: [
        [1, 2],
        [1, 2],
      ],
      reconstruction: [
        [1, 2],
        [1, 2],
      ],
    });
    assert.is(build({ form: "normalised" }).compute(input).dataSync()[0], 0);
  });
  for (const kind of ["sparse", "block"] as const) {
    test(`sums weighted errors of nested prefixes, of a ${kind} code`, () => {
      // Two experts of four features; prefixes of 1, 3 and 4 of each.
      const routed = createModelShape({ width: 2, features: 8, router: { numExperts: 2, numSelected: 1 } });
      const stream = createRng(3).stream(kind);
      const matrix = (count: number): number[][] =>
        Array.from({ length: count }, () => [stream.normal(), stream.normal()].map(Math.fround));
      const [acts, decoder, [bias]] = [matrix(3), matrix(8), matrix(1)];
      const experts = [[1], [0], [1]];
      const dense = experts.map(([expert]) =>
        [0, 1, 2, 3].map((m) => ({ f: 4 * expert! + m, value: stream.uniform() })),
      );
      // A sparse code has some of them.
      const entries = kind === "block" ? dense : dense.map((row) => row.filter((_entry, m) => m !== 1));
      const prefixes = [
        { featuresPerExpert: 1, weight: 0.5 },
        { featuresPerExpert: 3, weight: 2 },
        { featuresPerExpert: 4, weight: 1 },
      ];
      const expected = prefixes.reduce((total, { featuresPerExpert, weight }) => {
        const decoded = entries.map((row) =>
          [0, 1].map((d) =>
            row
              .filter(({ f }) => f % 4 < featuresPerExpert)
              .reduce((sum, { f, value }) => sum + value * decoder[f]![d]!, bias![d]!),
          ),
        );
        return total + (weight * squared(acts, decoded)) / 3;
      }, 0);
      const expertIndices_BR = tf.tensor2d(experts, undefined, "int32");
      const values = entries.map((row) => row.map(({ value }) => value));
      const code: Encoding =
        kind === "block"
          ? { kind, expertIndices_BR, values_BRM: tf.tensor3d(values.map((row) => [row])), prefixes }
          : {
              kind,
              indices_BK: tf.tensor2d(
                entries.map((row) => row.map(({ f }) => f)),
                undefined,
                "int32",
              ),
              values_BK: tf.tensor2d(values),
              prefixes,
            };
      const decode: LossInput["decode"] = (given, { bias: hasBias = true } = {}) => {
        const { kernels } = device;
        const sum =
          given.kind === "sparse"
            ? kernels.sparseDecode(given.indices_BK, given.values_BK, tf.tensor2d(decoder))
            : kernels.groupedDecode(given.values_BRM, tf.tensor2d(decoder), given.expertIndices_BR, 2);
        return hasBias ? tf.add(sum, tf.tensor1d(bias!)) : sum;
      };
      const value = build()
        .compute(lossInput({ shape: routed, acts, reconstruction: acts, code, decode }))
        .dataSync()[0]!;
      assert.ok(Math.abs(value - expected) < 1e-5 * expected, `${value}, not ${expected}`);
    });
  }
});
