import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import type { EncodeContext, Encoding, SparseCode, TrainingMoment } from "../../../core/model/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { topK } from "../../../plugins/expert/top-k.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "../../core/model/integer-batch.ts";
import { makeModel, setParameter } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

suite("expert top-k", (test) => {
  test("promises k active features", () => {
    assert.equal(buildPlugin(topK, { type: "top-k", k: 5 }, {}).facts, { activeFeatures: 5 });
  });
  test("hands its k to the fused kernel", () => {
    const asked: number[] = [];
    const shape = { width: 4, selectedExperts: 1, featuresPerExpert: 8 };
    const context = { shape, topK: (k: number) => asked.push(k) } as unknown as EncodeContext;
    buildPlugin(topK, { type: "top-k", k: 5 }, {}).instance.encode(context);
    assert.equal(asked, [5]);
  });
  test("keeps the k largest positive activations, lower index first among equals", async () => {
    const device = await cpuDevice.open();
    const model = makeModel({
      ...device,
      width: 1,
      features: 6,
      router: { type: "none" },
      expert: { type: "top-k", k: 3 },
    });
    setParameter(device.tf, model, "encoder", [1, 3, -2, 3, 2, 2]);
    const codeOf = (x: number): unknown => {
      const { code } = model.forward(device.tf.tensor2d([[x]]));
      return code.kind === "sparse" ? [code.indices_BK.arraySync()[0], code.values_BK.arraySync()[0]] : code;
    };
    assert.equal(codeOf(1), [
      [1, 3, 4],
      [3, 3, 2],
    ]);
    // Only one feature is positive: zeros of the lowest index fill up.
    assert.equal(codeOf(-1), [
      [0, 1, 2],
      [0, 0, 2],
    ]);
  });
  test("needs a k of at least 1", () => {
    assert.not.ok(Value.Check(topK.options, { k: 0 }));
    assert.not.ok(Value.Check(topK.options, { k: 2.5 }));
    assert.not.ok(Value.Check(topK.options, {}));
  });
  test("anneals its k while training", async () => {
    const device = await cpuDevice.open();
    const batch = integerBatch();
    const { instance } = buildPlugin(topK, { type: "top-k", k: 2, annealSteps: 4, annealFrom: 6 }, { tf: device.tf });
    const perRow = (step?: number): number => {
      const training = step === undefined ? {} : { training: { step, totalSteps: 9 } };
      return (instance.encode(batch.context(device, training)) as SparseCode).values_BK.shape[1];
    };
    assert.equal(
      [0, 1, 2, 3, 4, 8].map((step) => perRow(step)),
      [6, 5, 4, 3, 2, 2],
    );
    assert.is(perRow(), 2);
  });
  test("lets a threshold stand in when evaluated, only where told to use it and once there is one", async () => {
    const device = await cpuDevice.open();
    const { tf } = device;
    const batch = integerBatch();
    const activeWith = (threshold: string, value: number, training?: TrainingMoment) => {
      const { instance } = buildPlugin(topK, { type: "top-k", k: 3, threshold }, { tf });
      const parameters = { inference_threshold: tf.scalar(value) };
      const moment = training === undefined ? {} : { training };
      return activeOf(instance.encode(batch.context(device, { parameters, ...moment })), batch.shape);
    };
    const ofRows = inOrder(
      Array.from({ length: 12 }, (_unused, b) =>
        largestOf(
          batch.candidates.filter(({ row }) => row === b),
          3,
        ),
      ).flat(),
    );
    const above = batch.candidates.filter(({ value }) => value > 2);
    assert.not.equal(above, ofRows);
    assert.equal(activeWith("use", 2), above);
    assert.equal(activeWith("use", -1), ofRows);
    assert.equal(activeWith("estimate", 2), ofRows);
    assert.equal(activeWith("use", 2, { step: 8, totalSteps: 9 }), ofRows);
  });
  test("estimates from the mean of the rows' smallest, and keeps no buffer where nothing is asked", async () => {
    const { tf } = await cpuDevice.open();
    const build = (threshold: string) => buildPlugin(topK, { type: "top-k", k: 2, threshold }, { tf });
    const code: Encoding = {
      kind: "sparse",
      indices_BK: tf.zeros([2, 2], "int32"),
      values_BK: tf.tensor2d([
        [3, 1],
        [0, 5],
      ]),
    };
    const observe = (threshold: string) =>
      build(threshold).instance.observe!(code, { inference_threshold: tf.scalar(-1) }, { step: 9, totalSteps: 10 });
    assert.is(observe("estimate")["inference_threshold"]?.dataSync()[0], 3);
    assert.equal(observe("none"), {});
    const { shape } = integerBatch();
    assert.equal(Object.keys(build("none").instance.initialise!(shape, createRng(0))), []);
    assert.equal(Object.keys(build("estimate").instance.initialise!(shape, createRng(0))), ["inference_threshold"]);
    assert.equal(build("estimate").facts, { activeFeatures: 2 });
    assert.equal(build("use").facts, { meanActiveFeatures: 2 });
  });
});
