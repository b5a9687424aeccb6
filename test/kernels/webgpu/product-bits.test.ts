import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

/** Repeated results of one computation, as texts of their bytes. */
function results(count: number, compute: () => tf.Tensor): ReadonlySet<string> {
  const seen = Array.from({ length: count }, () => {
    const values = tf.tidy(() => compute().dataSync());
    return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
  });
  return new Set(seen);
}

suite("products of tfjs on the webgpu device", (test) => {
  for (const [rows, columns] of [
    [128, 16],
    [8, 8],
  ] as const) {
    test(
      `give the same bits every time, with few outputs and many terms (${rows} x 2048 x ${columns})`,
      async () => {
        await testedGpu.open();
        const left = tf.randomNormal([2048, rows], 0, 1, "float32", 1);
        const right = tf.randomNormal([2048, columns], 0, 1, "float32", 2);
        assert.is(results(5, () => tf.matMul(left, right, true)).size, 1);
        const exact = tf.tidy(() => tf.sum(tf.mul(tf.slice(left, [0, 0], [-1, 1]), tf.slice(right, [0, 0], [-1, 1]))));
        const [first = 0] = tf.tidy(() => tf.matMul(left, right, true).dataSync());
        assert.ok(Math.abs(first - (exact.dataSync()[0] ?? 0)) < 1e-2);
        tf.dispose([left, right, exact]);
      },
      { skip: gpuMissing },
    );
  }
});
