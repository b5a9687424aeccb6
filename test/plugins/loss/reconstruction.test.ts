import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { reconstruction } from "../../../plugins/loss/reconstruction.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shape = createModelShape({ width: 2, features: 4, router: { numExperts: 1, numSelected: 1 } });

suite("loss reconstruction", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });
  const build = (options: object = {}) =>
    buildPlugin(reconstruction, { type: "reconstruction", ...options }, { kernels: device.kernels }).instance;
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
});
