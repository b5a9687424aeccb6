import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Encoding } from "../../../core/model/contracts.ts";
import { inferenceThreshold, initialiseThreshold, observeThreshold } from "../../../core/model/inference-threshold.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";

suite("inference threshold", (test, hooks) => {
  let tf: typeof tensorflow;
  hooks.before(async () => {
    ({ tf } = await cpuDevice.open());
  });
  const sparse = (values: number[][]): Encoding => ({
    kind: "sparse",
    indices_BK: tf.zeros([values.length, values[0]!.length], "int32"),
    values_BK: tf.tensor2d(values),
  });
  const next = (
    before: number,
    values: number[][],
    choice: { how?: "of-batch" | "of-rows"; step?: number; start?: number | null; beta?: number } = {},
  ): number | undefined => {
    const { how = "of-batch", step = 60, start = null, beta = 0.9 } = choice;
    const buffers = { [inferenceThreshold]: tf.scalar(before) };
    const seen = { code: sparse(values), buffers, training: { step, totalSteps: 100 } };
    const options = { thresholdBeta: beta, thresholdStartStep: start };
    return observeThreshold(tf, how, seen, options)[inferenceThreshold]?.dataSync()[0];
  };
  const values = [
    [3, 0, 0.5],
    [0, 0, 0],
    [2, 1, 0],
  ];

  test("starts as a buffer that says that nothing was estimated", () => {
    assert.equal(initialiseThreshold(), {
      inference_threshold: { shape: [], values: Float32Array.of(-1), trainable: false },
    });
  });
  test("is the smallest positive value of the batch at the first estimate", () => {
    assert.is(next(-1, values), 0.5);
  });
  test("is the mean over rows of each row's smallest, where asked, rows without any left out", () => {
    assert.is(next(-1, values, { how: "of-rows" }), (0.5 + 1) / 2);
  });
  test("moves by 1 - beta towards every further one", () => {
    assert.is(next(2, values), Math.fround(0.9 * 2 + (1 - 0.9) * 0.5));
    assert.is(next(2, values, { how: "of-rows", beta: 0.5 }), 1.375);
    // 0 is an estimate, not the absence of one.
    assert.is(next(0, values, { beta: 0.5 }), 0.25);
  });
  test("takes 0 for a batch without a positive value", () => {
    assert.is(next(-1, [[0, 0]]), 0);
    assert.is(next(2, [[0, 0]], { how: "of-rows", beta: 0.5 }), 1);
  });
  test("begins after half the steps, or after the step that the option names", () => {
    assert.is(next(-1, values, { step: 50 }), undefined);
    assert.is(next(-1, values, { step: 51 }), 0.5);
    assert.is(next(-1, values, { step: 7, start: 7 }), undefined);
    assert.is(next(-1, values, { step: 8, start: 7 }), 0.5);
    assert.is(next(-1, values, { step: 0, start: 0 }), undefined);
  });
  test("learns nothing from a code that no selection made", () => {
    const code: Encoding = {
      kind: "block",
      expertIndices_BR: tf.zeros([1, 1], "int32"),
      values_BRM: tf.ones([1, 1, 3]),
    };
    const buffers = { [inferenceThreshold]: tf.scalar(-1) };
    const seen = { code, buffers, training: { step: 90, totalSteps: 100 } };
    assert.equal(observeThreshold(tf, "of-batch", seen, { thresholdBeta: 0.9, thresholdStartStep: null }), {});
  });
});
