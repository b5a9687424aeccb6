import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { TrainingCost } from "../../../core/evaluation/contracts.ts";
import type { ModelShape } from "../../../core/model/contracts.ts";
import type { Parameter } from "../../../core/model/parameters.ts";
import { cost } from "../../../plugins/evaluator/cost.ts";
import { evaluateOne, fakeModel, shapeOf, sourceOf, training, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

interface Setting {
  readonly shape: ModelShape;
  readonly training?: Partial<TrainingCost>;
  readonly activeFeatures?: number;
  readonly sizes?: readonly number[];
}

async function metricsOf(setting: Setting) {
  const fake = fakeModel({ shape: setting.shape });
  const all: Parameter[] = (setting.sizes ?? []).map((size, i) => ({
    name: `p${i}`,
    variable: tf.variable(tf.zeros([size]), false),
  }));
  const evaluator = await cost.create({}, {});
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
