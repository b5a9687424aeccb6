/** tfjs' softmax on the native device. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { expectClose } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { againstCpu, gradientsOf, randomTensor, type Computation } from "../native/against-cpu.ts";
import { callsOf, instructionSetSuites } from "../native/native-suite.ts";

function softmax64(logits: ArrayLike<number>, width: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let start = 0; start < out.length; start += width) {
    const row = Array.from({ length: width }, (_, i) => logits[start + i]!);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = row.map((x) => Math.exp(x - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    for (const [i, power] of powers.entries()) out[start + i] = power / sum;
  }
  return out;
}

instructionSetSuites("softmax", (test, open) => {
  test("follows its definition for every width, and its rows sum to 1", async () => {
    const { addon } = await open();
    const random = createRandomData(5);
    for (const width of [...Array.from({ length: 40 }, (_, i) => i + 1), 1000, 4097, 100_000]) {
      const logits = random.floats(3 * width).map((x) => 8 * x);
      let received: Float32Array = new Float32Array();
      const calls = callsOf(addon, () => {
        received = tf.tidy(() => tf.softmax(tf.tensor2d(logits, [3, width])).dataSync<"float32">());
      });
      assert.equal(calls, ["softmax"]);
      expectClose(`width ${width}`, received, softmax64(logits, width), { atol: 1e-9, rtol: 2e-6 });
      for (let row = 0; row < 3; row++) {
        const sum = received.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum - 1) < 2e-6, `width ${width}: a row sums to ${sum}`);
      }
    }
  });

  test("of many rows, and of tensors of any rank, equals the cpu backend's", async () => {
    const shapes = [[9000, 3], [7], [2, 3, 5], [2, 2, 3, 5], [2, 1, 3, 2, 5]];
    const cases = shapes.map((shape): [string, Computation] => [
      `[${shape.join()}]`,
      () => tf.softmax(randomTensor(shape)),
    ]);
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("does not depend on what is added to all logits, however large they are", async () => {
    await open();
    const of = (logits: number[]): number[] => [...tf.tidy(() => tf.softmax(tf.tensor1d(logits)).dataSync())];
    assert.equal(of([1000, 1001]), of([0, 1]));
    assert.equal(of([-1e30, -1e30]), [0.5, 0.5]);
    assert.equal(of([3e38, -3e38]), [1, 0]);
    assert.equal(of([5, 5, 5, 5]), [0.25, 0.25, 0.25, 0.25]);
  });

  test("equals the cpu backend's where logits are infinite or not numbers", async () => {
    const rows = {
      "one minus infinity": [1, -Infinity, 2],
      "minus infinities alone": [-Infinity, -Infinity, -Infinity],
      "plus infinity": [1, Infinity, 2],
      "not-a-number first": [NaN, 1, 2],
      "not-a-number last": [1, 2, NaN],
    };
    const cases = Object.entries(rows).map(([what, row]): [string, Computation] => [
      what,
      () => tf.softmax(tf.tensor2d([row, [1, 2, 3]])),
    ]);
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("of nothing is left to tfjs", async () => {
    const calls = await againstCpu(open, { nothing: () => tf.softmax(tf.zeros([0, 3])) });
    assert.equal(calls.get("nothing"), []);
  });

  test("has the gradients of the cpu backend, as have those built on it", async () => {
    await againstCpu(open, {
      softmax: () => gradientsOf((x) => tf.softmax(x), [[6, 19]]),
      "its largest": () => gradientsOf((x) => tf.max(tf.softmax(x), 1, true), [[6, 19]]),
      "its logarithm": () => gradientsOf((x) => tf.logSoftmax(x), [[6, 19]]),
      "cross entropy": () =>
        gradientsOf((x) => tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d([0, 4, 2], "int32"), 5), x), [[3, 5]]),
    });
  });
});
