import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { batchTopK } from "../../../plugins/expert/batch-top-k.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "../../core/model/integer-batch.ts";
import { makeModel, normalRows, setParameter } from "../../core/model/make-model.ts";
import { suite } from "../../suite.ts";

suite("expert batch-top-k", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });
  const makeSwitch = () =>
    makeModel({
      ...{ tf: device.tf, kernels: device.kernels, width: 4, features: 16 },
      router: { type: "switch", experts: 2 },
      expert: { type: "batch-top-k", k: 2 },
    });

  test("promises k active features on average", () => {
    assert.equal(buildPlugin(batchTopK, { type: "batch-top-k", k: 5 }, {}).facts, { meanActiveFeatures: 5 });
  });
  test("takes the B * k largest of a batch while training", () => {
    const batch = integerBatch();
    const { instance } = buildPlugin(batchTopK, { type: "batch-top-k", k: 3 }, { tf: device.tf });
    const code = instance.encode(batch.context(device, { training: { step: 0, totalSteps: 9 } }));
    const expected = inOrder(largestOf(batch.candidates, 36));
    assert.equal(activeOf(code, batch.shape), expected);
    // Some rows have more than k, some fewer: that is the point.
    const counts = Array.from({ length: 12 }, (_unused, b) => expected.filter(({ row }) => row === b).length);
    assert.ok(Math.max(...counts) > 3 && Math.min(...counts) < 3, counts.join());
  });
  test("codes each row by itself when evaluated, once a threshold is there", () => {
    const { tf } = device;
    const model = makeSwitch();
    setParameter(tf, model, "expert.inference_threshold", [0.2]);
    const rows = normalRows(9, 4);
    const codeOf = (from: number, count: number) =>
      activeOf(model.forward(tf.tensor2d(rows.slice(from * 4, (from + count) * 4), [count, 4])).code, model.shape);
    const together = codeOf(0, 9);
    assert.ok(together.length > 0 && together.every(({ value }) => value > 0.2));
    const apart = Array.from({ length: 9 }, (_unused, b) => codeOf(b, 1).map((entry) => ({ ...entry, row: b })));
    assert.equal(
      apart.flat().map(({ row, feature }) => [row, feature]),
      together.map(({ row, feature }) => [row, feature]),
    );
  });
  test("keeps its threshold as a buffer that a step moves", () => {
    const { tf } = device;
    const model = makeSwitch();
    assert.equal(
      model.parameters.buffers.map(({ name }) => name),
      ["expert.inference_threshold", "steps_since_active"],
    );
    const training = { step: 60, totalSteps: 100 };
    const { code } = model.forward(tf.tensor2d(normalRows(9, 4), [9, 4]), training);
    const next = model.nextBuffers(code, training).get("expert.inference_threshold");
    const least = Math.min(...activeOf(code, model.shape).map(({ value }) => value));
    assert.is(next?.dataSync()[0], least);
    assert.is(model.nextBuffers(code, { step: 50, totalSteps: 100 }).get("expert.inference_threshold"), undefined);
  });
  test("needs a k of at least 1", () => {
    const rest = { annealSteps: 0, annealFrom: null, thresholdBeta: 0.9, thresholdStartStep: null };
    assert.ok(Value.Check(batchTopK.options, { k: 1, ...rest }));
    assert.not.ok(Value.Check(batchTopK.options, { k: 0, ...rest }));
    assert.not.ok(Value.Check(batchTopK.options, { k: 1, ...rest, thresholdBeta: 1 }));
  });
});
