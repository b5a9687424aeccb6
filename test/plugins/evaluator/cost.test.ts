import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { TrainingCost } from "../../../core/evaluation/contracts.ts";
import type { PluginChoice } from "../../../core/config/config.ts";
import type { ModelShape } from "../../../core/model/contracts.ts";
import type { Parameter } from "../../../core/model/parameters.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { cost } from "../../../plugins/evaluator/cost.ts";
import { evaluateOne, fakeModel, rowsOf, shapeOf, sourceOf, training, useCpu } from "../../core/evaluation/fixtures.ts";
import { makeModel } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

interface Setting {
  readonly shape: ModelShape;
  readonly training?: Partial<TrainingCost>;
  readonly activeFeatures?: number;
  readonly sizes?: readonly number[];
}

async function metricsOf(setting: Setting) {
  const all: Parameter[] = (setting.sizes ?? []).map((size, i) => ({
    name: `p${i}`,
    variable: tf.variable(tf.zeros([size])),
  }));
  const fake = fakeModel({
    shape: setting.shape,
    reconstruct: (acts_BD) =>
      all.reduce((sum, { variable }) => tf.add<tf.Tensor2D>(sum, tf.sum(variable)), tf.mul<tf.Tensor2D>(acts_BD, 1)),
  });
  const { tf: library, kernels } = await cpuDevice.open();
  const evaluator = await cost.create({}, { tf: library, kernels });
  const { metrics } = await evaluateOne(evaluator, {
    model: { ...fake, parameters: { ...fake.parameters, all } },
    source: sourceOf([[0]]),
    training: { ...training, ...setting.training },
    activeFeatures: setting.activeFeatures,
  });
  return (name: string) => metrics[`it/${name}`];
}

suite("evaluator cost", (test, hooks) => {
  hooks.before(useCpu);

  /** Counted on a real model by a run of its kernels, on any device. */
  async function measuredOf(
    device: Device,
    choice: { readonly router: PluginChoice; readonly expert: PluginChoice },
    numRows: number,
  ) {
    const { tf: library, kernels } = device;
    const model = makeModel({ tf: library, kernels, width: 6, features: 20, ...choice });
    const evaluator = await cost.create({}, { tf: library, kernels });
    const before = library.memory().numTensors;
    const rows = rowsOf(numRows, 6, 3);
    const { metrics } = await evaluateOne(evaluator, { tf: library, model, source: sourceOf(rows) });
    assert.is(library.memory().numTensors, before);
    model.parameters.dispose();
    return [metrics["it/measured-flops-per-row"], metrics["it/measured-training-flops-per-row"]];
  }

  for (const provider of [cpuDevice, wasmDevice, nativeDevice({ threads: 1 })]) {
    test(`counts what the kernels of a Switch SAE compute, on ${provider.name}`, async () => {
      const device = await provider.open();
      const [D, F, E, K] = [6, 20, 4, 2];
      const choice = { router: { type: "switch", experts: E }, expert: { type: "top-k", k: K } };
      // Encoder of one block, K decoder rows, scores of the router.
      const forward = 2 * D * (F / E) + 2 * D * K + 2 * D * E;
      // Gradients of the code, the decoder and the encoder, and of the row that the encoder saw, which the decoder's
      // bias was subtracted from: 2DK each. Of the router's weight and of the row that it saw: 2DE each.
      const backward = 4 * (2 * D * K) + 2 * (2 * D * E);
      // The native device never forms that last gradient: it adds up each dictionary row once a batch (2FD at most).
      const spared = provider.name === "native" ? 2 * D * K : 0;
      for (const numRows of [3, 7])
        assert.equal(await measuredOf(device, choice, numRows), [forward, forward + backward - spared]);
    });
  }

  test("counts every feature of a block code, whose experts the encoder and the decoder both run", async () => {
    const device = await cpuDevice.open();
    const [D, F] = [6, 20];
    const [forward, training] = await measuredOf(device, { router: { type: "none" }, expert: { type: "relu" } }, 4);
    assert.is(forward, 2 * D * F + 2 * D * F);
    // Gradients of code, decoder, encoder, and of the centred row.
    assert.is(training, 2 * (2 * D * F) + 4 * (2 * D * F));
  });

  test("counts the FLOPs of a row as the paper does: 4 F D without a router", async () => {
    const metric = await metricsOf({ shape: shapeOf(768, 24576) });
    assert.is(metric("flops-per-row"), 4 * 24576 * 768);
  });

  test("divides them by the experts, however many features are active", async () => {
    for (const activeFeatures of [8, 64]) {
      const metric = await metricsOf({ shape: shapeOf(768, 24576, 16), activeFeatures });
      assert.is(metric("flops-per-row"), (4 * 24576 * 768) / 16);
    }
  });

  test("a row that goes to two experts costs two", async () => {
    const one = await metricsOf({ shape: shapeOf(64, 512, 8, 1) });
    const two = await metricsOf({ shape: shapeOf(64, 512, 8, 2) });
    assert.is(two("flops-per-row"), 2 * one("flops-per-row")!);
  });

  test("training FLOPs grow in proportion to the steps", async () => {
    const shape = shapeOf(64, 512, 8);
    const short = await metricsOf({ shape, activeFeatures: 8, training: { steps: 10 } });
    const long = await metricsOf({ shape, activeFeatures: 8, training: { steps: 1000 } });
    assert.is(long("training-flops"), 100 * short("training-flops")!);
    assert.ok(short("training-flops")! > 0);
  });

  test("turns the time of a step into rows a second", async () => {
    const metric = await metricsOf({ shape: shapeOf(4, 8), training: { batchSize: 1024, stepMs: 32 } });
    assert.is(metric("step-ms"), 32);
    assert.is(metric("rows-per-second"), 32_000);
  });

  test("gives memory in units of 10^6 bytes", async () => {
    const metric = await metricsOf({ shape: shapeOf(4, 8), training: { peakMemoryBytes: 734_500_000 } });
    assert.is(metric("peak-memory-mb"), 734.5);
  });

  test("counts the parameters that the model has", async () => {
    const metric = await metricsOf({ shape: shapeOf(4, 8), sizes: [32, 32, 4, 9] });
    assert.is(metric("parameters"), 77);
  });

  test("leaves out what was not measured", async () => {
    const metric = await metricsOf({ shape: shapeOf(4, 8), training: { stepMs: Number.NaN, peakMemoryBytes: 0 } });
    assert.equal(["step-ms", "rows-per-second", "peak-memory-mb"].map(metric), [undefined, undefined, undefined]);
    assert.type(metric("flops-per-row"), "number");
  });
});
