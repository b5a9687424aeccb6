import * as assert from "uvu/assert";
import { createBatchTopK } from "../../../core/model/batch-top-k-expert.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { suite } from "../../suite.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "./integer-batch.ts";

const options = { k: 2, annealSteps: 10, annealFrom: 5, thresholdBeta: 0.5, thresholdStartStep: 0 };
const rows = 12;

suite("batch top-k expert", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });
  const batch = integerBatch();
  const encode = (threshold: number, step?: number) => {
    const parameters = { inference_threshold: device.tf.scalar(threshold) };
    const training = step === undefined ? {} : { training: { step, totalSteps: 100 } };
    return createBatchTopK(device.tf, options).encode(batch.context(device, { parameters, ...training }));
  };
  const largest = (count: number) => inOrder(largestOf(batch.candidates, count));

  test("takes B * k of the batch while training, k as it is annealed to, whatever the threshold", () => {
    for (const [step, k] of [
      [0, 5],
      [5, 3],
      [10, 2],
      [99, 2],
    ] as const) {
      assert.equal(activeOf(encode(2, step), batch.shape), largest(rows * k), `step ${step}`);
    }
  });
  test("takes what lies above the threshold when evaluated", () => {
    const above = batch.candidates.filter(({ value }) => value > 2);
    assert.ok(above.length > 0);
    assert.equal(activeOf(encode(2), batch.shape), above);
    assert.equal(
      activeOf(encode(0), batch.shape),
      batch.candidates.filter(({ value }) => value > 0),
    );
  });
  test("lets the batch decide when evaluated before there is an estimate", () => {
    assert.equal(activeOf(encode(-1), batch.shape), largest(rows * 2));
  });
  test("keeps one buffer, which follows the smallest value that was taken", () => {
    const { tf } = device;
    const expert = createBatchTopK(tf, options);
    assert.equal(Object.keys(expert.initialise(batch.shape, { seed: 0, stream: () => ({}) as never })), [
      "inference_threshold",
    ]);
    const least = Math.min(...largest(rows * 2).map(({ value }) => value));
    const buffers = { inference_threshold: tf.scalar(9) };
    const next = expert.observe(encode(-1, 50), buffers, { step: 50, totalSteps: 100 });
    assert.is(next["inference_threshold"]?.dataSync()[0], (9 + least) / 2);
  });
});
