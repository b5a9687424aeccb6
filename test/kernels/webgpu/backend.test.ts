import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { KernelError } from "../../../kernels/kernel-error.ts";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import { defineProgram } from "../../../kernels/webgpu/program.ts";
import { gpuSuite, inKernel, integersOnGpu, onGpu, openGpu, thrownBy } from "./gpu-suite.ts";

const readings: Readonly<Record<string, (tensor: tf.Tensor) => Promise<ArrayLike<number>>>> = {
  dataSync: (tensor) => Promise.resolve(tensor.dataSync()),
  data: (tensor) => tensor.data(),
};

/** What the GPU computed: [2, 3, 4]. */
function computed(): tf.Tensor1D {
  return tf.tidy(() => tf.add(onGpu(tf.tensor1d([1, 2, 3])), onGpu(tf.scalar(1))));
}

async function codeOf(work: () => unknown): Promise<string> {
  const error = await thrownBy(work);
  assert.instance(error, KernelError);
  return (error as KernelError).code;
}

gpuSuite("tensors of the webgpu backend", (test) => {
  const tensors: Readonly<Record<string, [make: () => tf.Tensor, values: ArrayLike<number>]>> = {
    float32: [
      () => tf.mul(onGpu(tf.tensor1d([1.5, -0.25, 1e30])), onGpu(tf.scalar(2))),
      Float32Array.of(3, -0.5, 2e30),
    ],
    int32: [() => tf.add(integersOnGpu([2 ** 20, -7]), integersOnGpu([1, 1])), Int32Array.of(2 ** 20 + 1, -6)],
    bool: [() => tf.greater(integersOnGpu([3, 1, 2]), integersOnGpu([1, 2, 2])), Uint8Array.of(1, 0, 0)],
    "bool that was uploaded": [() => onGpu(tf.tensor1d([true, false, true], "bool")), Uint8Array.of(1, 0, 1)],
    "int32 that was uploaded": [() => integersOnGpu([2 ** 31 - 1, -(2 ** 31)]), Int32Array.of(2 ** 31 - 1, -(2 ** 31))],
    "a scalar": [() => onGpu(tf.scalar(2.5)), Float32Array.of(2.5)],
    "a part of an array": [() => onGpu(tf.tensor1d(Float32Array.of(9, 1, 2, 9).subarray(1, 3))), Float32Array.of(1, 2)],
    "complex numbers": [() => tf.complex(computed(), computed()), Float32Array.of(2, 2, 3, 3, 4, 4)],
    "an empty tensor": [() => tf.add(tf.tensor1d([]), 1), Float32Array.of()],
  };
  for (const [what, [make, values]] of Object.entries(tensors)) {
    for (const [how, read] of Object.entries(readings)) {
      test(`are read by ${how}, twice and cloned: ${what}`, async () => {
        await openGpu();
        const tensor = tf.tidy(make);
        const clone = tf.clone(tensor);
        for (const reading of [tensor, tensor, clone]) assert.equal(await read(reading), values);
        tf.dispose([tensor, clone]);
      });
    }
  }

  test("are read many at a time, each with its own values", async () => {
    await openGpu();
    const made = Array.from({ length: 20 }, (_, i) =>
      tf.tidy(() => tf.add(onGpu(tf.fill([3 + (i % 4)], i)), onGpu(tf.scalar(1)))),
    );
    const read = await Promise.all(made.map((tensor) => tensor.data()));
    for (const [i, values] of read.entries()) assert.equal([...values], new Array(3 + (i % 4)).fill(i + 1));
    tf.dispose(made);
  });

  test("move to another backend and back", async () => {
    await openGpu();
    const tensor = computed();
    await tf.setBackend("cpu");
    const onHost = tf.tidy(() => tf.add(tensor, 1));
    assert.equal([...onHost.dataSync()], [3, 4, 5]);
    await openGpu();
    assert.equal([...tf.tidy(() => tf.mul(onGpu(onHost), onGpu(tf.scalar(2)))).dataSync()], [6, 8, 10]);
    tf.dispose([tensor, onHost]);
  });

  test("do not share memory with the array that was read of them", async () => {
    await openGpu();
    const tensor = computed();
    for (const read of Object.values(readings)) ((await read(tensor)) as Float32Array).fill(9);
    assert.equal([...tensor.dataSync()], [2, 3, 4]);
    tensor.dispose();
  });

  for (const [how, read] of Object.entries(readings)) {
    test(`show a later update in place, after ${how}`, async () => {
      const { device } = await openGpu();
      const variable = tf.tidy(() => tf.variable(onGpu(tf.tensor2d([3, 4], [1, 2]))));
      const before = await read(variable);
      device.kernels.normaliseRows(variable);
      assert.equal([...Array.from(await read(variable))], [...Float32Array.of(0.6, 0.8)]);
      assert.equal(Array.from(before), [3, 4]);
      variable.dispose();
    });
  }
});

gpuSuite("what goes wrong on the GPU", (test) => {
  test("is no memory for a tensor larger than the device takes, said with the size, and no more than that", async () => {
    const { backend } = await openGpu();
    const { maxBufferSize, maxStorageBufferBindingSize } = backend.device.limits;
    const largest = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const rows = Math.ceil((largest * 1.5) / 4096);
    const error = await thrownBy(() => tf.fill([rows, 1024], 1));
    assert.instance(error, KernelError);
    const { code, received } = error as KernelError;
    assert.is(code, "DEVICE_OUT_OF_MEMORY");
    const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
    assert.is(
      received,
      `${gibibytes(rows * 4096)} in one tensor, of which this GPU takes ${gibibytes(largest)} at most`,
    );
    assert.is(backend.failure(), undefined);
    assert.equal([...computed().dataSync()], [2, 3, 4]);
  });

  const broken = defineProgram({
    label: "broken",
    buffers: { out_values: "out f32" },
    params: { size: "u32" },
    code: "@compute @workgroup_size(1) fn main() { out_values[0] = missing_name; }",
  });
  for (const [how, read] of Object.entries(readings)) {
    test(`is a program that does not compile: an error at the next ${how}, and at all that follow`, async () => {
      const { backend } = await openGpu();
      const tensor = computed();
      assert.equal([...Array.from(await read(tensor))], [2, 3, 4]);
      inKernel((memory) => {
        memory.run(broken, { buffers: { out_values: memory.scratch(1, "float32") }, params: { size: 1 }, groups: 1 });
      });
      for (let i = 0; i < 2; i++) assert.is(await codeOf(() => read(tensor)), "DEVICE_REFUSED");
      assert.match(backend.failure()?.received ?? "", /missing_name/);
      await openGpu();
      assert.equal([...computed().dataSync()], [2, 3, 4]);
    });

    test(`is a device that is lost: an error at the next ${how}, at once, and at all that follow`, async () => {
      const { backend } = await openGpu();
      const tensor = computed();
      backend.device.destroy();
      const started = performance.now();
      for (let i = 0; i < 3; i++) assert.is(await codeOf(() => read(tensor)), "DEVICE_LOST");
      assert.ok(performance.now() - started < 2000);
      assert.is(backend.failure()?.code, "DEVICE_LOST");
    });
  }

  test("is a device that is lost while a tensor is on its way", async () => {
    const { backend } = await openGpu();
    const reading = computed().data();
    backend.device.destroy();
    assert.is(await codeOf(() => reading), "DEVICE_LOST");
  });
});

gpuSuite("memory of the webgpu backend", (test) => {
  /** A few operations, kernels of ours among them, whose sizes change from step to step. */
  function step({ kernels }: Awaited<ReturnType<typeof openGpu>>["device"], parameter: tf.Variable, i: number): void {
    tf.tidy(() => {
      const rows = 2 + (i % 7);
      const acts = tf.mul(onGpu(tf.ones([rows, 4])), onGpu(tf.scalar(i % 3)));
      const error = kernels.squaredError(acts as tf.Tensor2D, tf.zeros([rows, 4]));
      if (i % 5 === 0) error.dataSync();
      if (i % 2 === 0) kernels.normaliseRows(parameter);
    });
  }

  test(
    "stays the same over ten thousand small steps",
    async () => {
      const { device, backend } = await openGpu();
      const parameter = tf.tidy(() => tf.variable(onGpu(tf.ones([3, 4]))));
      for (let i = 0; i < 500; i++) step(device, parameter, i);
      const [before, { numBytesAllocated }] = [tf.memory(), { ...backend.bufferManager }];
      const buffers = backend.bufferManager.numFreeBuffers;
      for (let i = 500; i < 10_000; i++) {
        step(device, parameter, i);
        // Lets promises and finalizers run, as training does between steps.
        if (i % 100 === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
      parameter.dataSync();
      assert.is(tf.memory().numTensors, before.numTensors);
      assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
      assert.ok(backend.bufferManager.numBytesAllocated <= numBytesAllocated + 4096, "bytes");
      assert.ok(backend.bufferManager.numFreeBuffers <= buffers + 50, "buffers");
      parameter.dispose();
    },
    { timeoutMs: 200_000 },
  );

  const mebibyte = 2 ** 20;
  /** Takes a buffer and gives it back. */
  function use({ bufferManager }: GpuBackend, size: number): GPUBuffer {
    const buffer = bufferManager.acquireBuffer(size, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
    bufferManager.releaseBuffer(buffer);
    return buffer;
  }

  test("is handed out again for the same size", async () => {
    const { backend } = await openGpu();
    const first = use(backend, 3 * mebibyte);
    const { numBytesAllocated } = backend.bufferManager;
    assert.is(use(backend, 3 * mebibyte), first);
    assert.is(backend.bufferManager.numBytesAllocated, numBytesAllocated);
  });

  test("does not pile up when sizes never come again: the oldest are given up", async () => {
    const { backend } = await openGpu();
    const { bufferManager } = backend;
    const sizes = Array.from({ length: 20 }, (_, i) => 40 * mebibyte + 1024 * i);
    const buffers = sizes.map((size) => {
      const buffer = use(backend, size);
      const free = bufferManager.numBytesAllocated - bufferManager.numBytesUsed;
      assert.ok(free <= 256 * mebibyte, `${free} bytes free`);
      return buffer;
    });
    const counted = [...bufferManager.freeBuffers.values()].flat();
    assert.is(bufferManager.numFreeBuffers, counted.length);
    assert.equal(
      buffers.map((buffer) => counted.includes(buffer)),
      sizes.map((_, i) => i >= 14),
    );
  });
});
