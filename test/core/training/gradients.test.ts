import * as assert from "uvu/assert";
import type * as tensorflow from "@tensorflow/tfjs";
import type { Loss } from "../../../core/training/contracts.ts";
import {
  clipGradients,
  clippingScale,
  gradientNorm,
  lossGradients,
  scaleGradients,
} from "../../../core/training/gradients.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { normalRows } from "../model/make-model.ts";
import { suite } from "../../suite.ts";
import { makeTraining, width } from "./make-training.ts";

suite("training step", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await wasmDevice.open();
  });

  test("has gradients that finite differences confirm, in every parameter", () => {
    const { tf } = device;
    const training = makeTraining(device);
    const { model } = training;
    const acts_BD = tf.tensor2d(normalRows(16, width, 2), [16, width]);
    const { losses } = training.input;
    const measure = (): { total: number; gradients: ReadonlyMap<string, tensorflow.Tensor> } => {
      const { total, gradients } = lossGradients({ tf, model, losses, acts_BD, training: { step: 0, totalSteps: 10 } });
      return { total: total.dataSync()[0]!, gradients };
    };
    const { gradients } = measure();
    assert.equal(
      [...gradients.keys()],
      model.parameters.all.map(({ name }) => name),
    );
    for (const { name, variable } of model.parameters.all) {
      const values = variable.dataSync<"float32">().slice();
      const gradient = gradients.get(name)!.dataSync<"float32">();
      // Along the gradient, where the change is largest beside float32's noise; routes and top-k stay as they are.
      const norm = Math.hypot(...gradient);
      const lossAt = (distance: number): number => {
        variable.assign(
          tf.tensor(
            values.map((value, i) => value + (distance * gradient[i]!) / norm),
            variable.shape,
          ),
        );
        return measure().total;
      };
      const slope = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
      variable.assign(tf.tensor(values, variable.shape));
      assert.ok(Math.abs(slope - norm) < 0.02 * norm, `${name}: slope ${slope}, gradient ${norm}`);
    }
    training.dispose();
  });
  test("weighs losses by their weight at the step and reports them unweighted", () => {
    const { tf } = device;
    const training = makeTraining(device);
    const acts_BD = tf.tensor2d(normalRows(4, width), [4, width]);
    const error: Loss = training.input.losses[0]![1];
    const ramp: Loss = { weight: (step) => step, compute: (input) => error.compute(input) };
    const totals = [0, 3].map((step) => {
      const { total, values } = lossGradients({
        tf,
        model: training.model,
        losses: [
          ["a", error],
          ["b", ramp],
        ],
        acts_BD,
        training: { step, totalSteps: 10 },
      });
      assert.is(values[0]!.dataSync()[0], values[1]!.dataSync()[0]);
      return total.dataSync()[0]! / values[0]!.dataSync()[0]!;
    });
    assert.ok(Math.abs(totals[0]! - 1) < 1e-6 && Math.abs(totals[1]! - 4) < 1e-6);
    training.dispose();
  });
  test("has no gradient for parameters that no loss depends on", () => {
    const { tf } = device;
    const training = makeTraining(device, { router: { type: "switch", experts: 4, gate: "heaviside" } });
    const acts_BD = tf.tensor2d(normalRows(4, width), [4, width]);
    const losses = training.input.losses.slice(0, 1);
    const { gradients } = lossGradients({
      tf,
      model: training.model,
      losses,
      acts_BD,
      training: { step: 0, totalSteps: 10 },
    });
    const router = gradients.get("router.weight");
    assert.ok(router === undefined || router.dataSync().every((value) => value === 0));
    assert.ok(gradients.has("encoder"));
    training.dispose();
  });
  test("scales gradients to the limit as PyTorch does, and not below it", () => {
    const { tf, kernels } = device;
    const make = (): Map<string, tensorflow.Tensor> =>
      new Map<string, tensorflow.Tensor>([
        ["a", tf.tensor1d([3])],
        ["b", tf.tensor2d([[0, 4]])],
      ]);
    const gradients = make();
    const norm = gradientNorm(kernels, gradients);
    assert.is(norm, 5);
    const clipped = clipGradients(tf, gradients, { norm, limit: 1 });
    assert.ok(Math.abs(clipped.get("a")!.dataSync()[0]! - 3 / (5 + 1e-6)) < 1e-7);
    assert.ok(Math.abs(clipped.get("b")!.dataSync()[1]! - 4 / (5 + 1e-6)) < 1e-7);
    assert.is(gradients.get("a")!.isDisposed, true);
    for (const limit of [6, null]) {
      const kept = make();
      assert.is(clipGradients(tf, kept, { norm, limit }), kept);
    }
  });
  test("scales by the same number where nobody waits for the norm", () => {
    const { tf } = device;
    const scaleAt = (norm: number): number =>
      tf.tidy(() => clippingScale(tf, { norm: tf.scalar(norm), limit: 2 }).dataSync()[0]!);
    assert.ok(Math.abs(scaleAt(8) - 2 / (8 + 1e-6)) < 1e-7);
    assert.is(scaleAt(1.5), 1);
    assert.is(scaleAt(0), 1);
    const gradients = new Map([["a", tf.tensor1d([3, -4])]]);
    const scaled = scaleGradients(tf, gradients, tf.scalar(0.5));
    assert.equal([...scaled.get("a")!.dataSync()], [1.5, -2]);
    assert.is(gradients.get("a")!.isDisposed, true);
  });
});
