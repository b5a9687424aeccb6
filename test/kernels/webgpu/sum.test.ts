import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { sumInto, sumOf } from "../../../kernels/webgpu/sum.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { gpuSuite, inKernel, onGpu, openGpu } from "./gpu-suite.ts";

const products = sumOf("products", { a: "f32", b: "f32" }, "a[i] * b[i]");

function sumOnGpu(a: Float32Array, b: Float32Array, result: { readonly scale: number } | "root"): number {
  return inKernel((memory) => {
    const buffers = { a: onGpu(tf.tensor1d(a)), b: onGpu(tf.tensor1d(b)) };
    const sum = sumInto(memory, { program: products, buffers, size: a.length, result });
    assert.equal(sum.shape, []);
    return sum.dataSync()[0]!;
  });
}

gpuSuite("sums over tensors", (test) => {
  const random = createRandomData(36);
  // Around a workgroup's 2048 numbers, and 64 workgroups, beyond which a thread of the second round adds several.
  for (const size of [1, 63, 64, 65, 2047, 2048, 2049, 70_000, 64 * 2048 + 1]) {
    test(`of ${size} terms are those of float64, scaled or as a root`, async () => {
      await openGpu();
      const [a, b] = [random.floats(size).map(Math.abs), random.floats(size).map(Math.abs)];
      const sum = a.reduce((before, value, i) => before + value * b[i]!, 0);
      expectClose("scaled", [sumOnGpu(a, b, { scale: 0.25 })], [sum / 4], { atol: 0, rtol: 1e-6 });
      expectClose("root", [sumOnGpu(a, b, "root")], [Math.sqrt(sum)], { atol: 0, rtol: 1e-6 });
    });
  }

  test("count every term once: whole numbers give the exact sum", async () => {
    await openGpu();
    const a = random.integers(5000, -8, 8);
    const b = random.integers(5000, -8, 8);
    const sum = a.reduce((before, value, i) => before + value * b[i]!, 0);
    assert.is(sumOnGpu(a, b, { scale: 1 }), sum);
  });

  test("have the same bits every time", async () => {
    await openGpu();
    const [a, b] = [random.floats(30_000), random.floats(30_000)];
    const sums = Array.from({ length: 5 }, () => sumOnGpu(a, b, { scale: 1 }));
    assert.is(new Set(sums).size, 1);
  });
});
