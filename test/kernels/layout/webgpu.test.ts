import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

suite("unsorted segment sum on webgpu", (test, hooks) => {
  hooks.before(async () => {
    if (gpuMissing === undefined) await testedGpu.open();
  });

  const bytesOf = (tensor: tf.Tensor): Buffer => Buffer.from(tensor.dataSync().slice().buffer);

  test(
    "sums the rows of each segment, of any rank",
    () => {
      const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [4, 1, 2]);
      const sums = tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 0], "int32"), 4);
      assert.equal(sums.shape, [4, 1, 2]);
      assert.equal([...sums.dataSync()], [10, 12, 0, 0, 6, 8, 0, 0]);
      assert.equal(
        [...tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 1, 0], "int32"), 2).dataSync()],
        [3, 3],
      );
    },
    { skip: gpuMissing },
  );

  test(
    "sums whole numbers",
    () => {
      const sums = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([1, 1, 0], "int32"), 2);
      assert.is(sums.dtype, "int32");
      assert.equal([...sums.dataSync()], [3, 3]);
    },
    { skip: gpuMissing },
  );

  test(
    "makes the gradient of a gather the same bits every time",
    () => {
      const x = tf.randomNormal([20, 5]);
      const indices = tf.randomUniform<tf.Rank.R1>([600], 0, 20, "int32");
      const weights = tf.randomNormal([600, 5]);
      const gradient = tf.grad((at: tf.Tensor) => tf.sum(tf.mul(tf.gather(at, indices), weights)));
      const [first, second] = [gradient(x), gradient(x)];
      assert.ok(bytesOf(first).equals(bytesOf(second)));
      const [ids, rows] = [indices.dataSync(), weights.dataSync()];
      const expected = new Float64Array(100);
      for (let i = 0; i < 600; i++) for (let d = 0; d < 5; d++) expected[5 * ids[i]! + d]! += rows[5 * i + d]!;
      assert.ok(first.dataSync().every((value, i) => Math.abs(value - expected[i]!) < 1e-4));
    },
    { skip: gpuMissing },
  );
});
