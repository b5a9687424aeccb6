import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import { gpuBackendOf, withGpuMemory } from "../../../kernels/webgpu/memory.ts";
import { defineProgram, mostGroups } from "../../../kernels/webgpu/program.ts";
import { detach } from "../../../kernels/tape.ts";
import { gpuSuite, inKernel, integersOnGpu, onGpu, openGpu, thrownBy, valuesOf } from "./gpu-suite.ts";

const raise = defineProgram({
  label: "raise",
  buffers: { out_values: "out f32" },
  params: { value: "f32", size: "u32" },
  code: /* wgsl */ `
    @compute @workgroup_size(1)
    fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) count: vec3u) {
      let i = group_index(id, count);
      if (i < params.size) { out_values[i] += params.value; }
    }
  `,
});

const double = defineProgram({
  label: "double",
  buffers: { values: "f32", out_values: "out f32" },
  params: { size: "u32" },
  code: /* wgsl */ `
    @compute @workgroup_size(64)
    fn main(@builtin(local_invocation_index) lane: u32) {
      if (lane < params.size) { out_values[lane] = 2.0 * values[lane]; }
    }
  `,
});

/** What nothing refers to is gone once the recorded commands are submitted. */
function submit(backend: GpuBackend): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
}

gpuSuite("memory of kernels", (test) => {
  test("is tracked by tidy where it is a tensor", async () => {
    await openGpu();
    const before = tf.memory();
    tf.tidy(() => {
      inKernel((memory) => memory.allocate([100], "int32"));
      const made = withGpuMemory(gpuBackendOf(tf.backend()), (memory) => memory.allocate([4, 5], "int32"));
      assert.equal([made.shape, made.dtype], [[4, 5], "int32"]);
      assert.is(tf.memory().numTensors, before.numTensors + 1);
    });
    assert.is(tf.memory().numTensors, before.numTensors);
    assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
  });

  test("is released where it is scratch, also when the kernel throws", async () => {
    const { backend } = await openGpu();
    submit(backend);
    const used = backend.bufferManager.numBytesUsed;
    const scratch: tf.TensorInfo[] = [];
    const error = await thrownBy(() =>
      withGpuMemory(backend, (memory) => {
        scratch.push(memory.scratch(5000, "float32"), memory.scratch(3, "int32"));
        memory.run(raise, { buffers: { out_values: scratch[0]! }, params: { value: 1, size: 9 }, groups: 9 });
        assert.is.not(backend.bufferManager.numBytesUsed, used);
        throw new Error("in the kernel");
      }),
    );
    assert.match(String(error), /in the kernel/);
    submit(backend);
    assert.equal(
      scratch.map(({ dataId }) => backend.tensorMap.has(dataId)),
      [false, false],
    );
    assert.is(backend.bufferManager.numBytesUsed, used);
  });
});

gpuSuite("programs", (test) => {
  test("run in their order among themselves and with tfjs' operations", async () => {
    await openGpu();
    const values = tf.tidy(() => {
      let made: tf.Tensor = tf.add(onGpu(tf.tensor1d([1, 2, 3])), onGpu(tf.scalar(1)));
      // More dispatches than one submission holds.
      for (let i = 0; i < 20; i++) {
        const next = inKernelKept((memory) => {
          const doubled = memory.allocate([3], "float32");
          memory.run(double, { buffers: { values: made, out_values: doubled }, params: { size: 3 }, groups: 1 });
          memory.run(raise, { buffers: { out_values: doubled }, params: { value: 1, size: 3 }, groups: [3, 1, 1] });
          return doubled;
        });
        made = tf.sub(next, onGpu(tf.scalar(1)));
      }
      return [...made.dataSync()];
    });
    assert.equal(
      values,
      [2, 3, 4].map((value) => value * 2 ** 20),
    );
  });

  test("may have more workgroups than one axis holds", async () => {
    await openGpu();
    const size = mostGroups + 4000;
    const values = inKernel((memory) => {
      const out_values = onGpu(tf.ones([size + 10]));
      memory.run(raise, { buffers: { out_values }, params: { value: 2, size }, groups: size });
      return valuesOf(out_values);
    });
    assert.ok(values.slice(0, size).every((value) => value === 3));
    assert.equal(values.slice(size), new Array(10).fill(1));
  });

  const casts: Readonly<Record<string, () => tf.Tensor>> = {
    "whole numbers on the host": () => tf.cast(tf.tensor1d([3, -7, 0], "int32"), "float32"),
    "whole numbers on the GPU": () => tf.cast(integersOnGpu([3, -7, 0]), "float32"),
    "truth values on the GPU": () => tf.cast(onGpu(tf.tensor1d([true, false, true], "bool")), "float32"),
  };
  for (const [what, cast] of Object.entries(casts)) {
    test(`read as floats what tfjs cast from ${what}`, async () => {
      await openGpu();
      const [expected, received] = tf.tidy(() => {
        const values = cast();
        const doubled = inKernel((memory) => {
          const out_values = memory.scratch(3, "float32");
          memory.run(double, { buffers: { values, out_values }, params: { size: 3 }, groups: 1 });
          return valuesOf(out_values);
        });
        return [[...values.dataSync()].map((value) => 2 * value), doubled];
      });
      assert.equal(received, expected);
    });
  }

  /** As `inKernel`, for a tensor that is kept. */
  function inKernelKept(work: Parameters<typeof withGpuMemory<tf.Tensor>>[1]): tf.Tensor {
    return withGpuMemory(gpuBackendOf(tf.backend()), work);
  }
});

gpuSuite("a variable that is updated on the GPU", (test) => {
  /** Adds one to a variable in place. @returns Whether it was moved first. */
  function addOne(variable: tf.Variable): boolean {
    const { dataId } = variable;
    inKernel((memory, backend) => {
      const out_values = memory.updated(variable);
      assert.is(backend.record(variable).refCount, 1);
      memory.run(raise, { buffers: { out_values }, params: { value: 1, size: variable.size }, groups: variable.size });
    });
    return variable.dataId !== dataId;
  }

  test("stays where it lies when nobody shares its memory", async () => {
    const { backend } = await openGpu();
    const variable = tf.tidy(() => tf.variable(onGpu(tf.tensor1d([1, 2, 3]))));
    const { resource } = backend.record(variable);
    for (let i = 0; i < 3; i++) assert.not(addOne(variable));
    assert.is(backend.record(variable).resource, resource);
    assert.equal([...variable.dataSync()], [4, 5, 6]);
    variable.dispose();
  });

  const sharers: Readonly<Record<string, (variable: tf.Variable) => tf.Tensor>> = {
    "a clone": (variable) => tf.clone(variable),
    "a reshaped tensor": (variable) => tf.reshape(variable, [3, 1]),
    "a detached tensor": (variable) => detach(variable),
    "another variable": (variable) => tf.variable(variable),
  };
  for (const [what, share] of Object.entries(sharers)) {
    test(`moves once, and leaves alone: ${what}`, async () => {
      await openGpu();
      const before = tf.memory();
      const variable = tf.tidy(() => tf.variable(onGpu(tf.tensor1d([1, 2, 3]))));
      const shared = share(variable);
      assert.ok(addOne(variable));
      assert.not(addOne(variable));
      assert.equal([...variable.dataSync()], [3, 4, 5]);
      assert.equal([...shared.dataSync()], [1, 2, 3]);
      tf.dispose([variable, shared]);
      assert.is(tf.memory().numTensors, before.numTensors);
      assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
    });
  }

  test("leaves alone the array that it was made from", async () => {
    await openGpu();
    const array = Float32Array.of(1, 2, 3);
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(array)));
    addOne(variable);
    assert.equal([...variable.dataSync()], [2, 3, 4]);
    assert.equal([...array], [1, 2, 3]);
    variable.dispose();
  });

  test("moves into floats when its memory holds whole numbers", async () => {
    await openGpu();
    const variable = tf.tidy(() => tf.variable(tf.cast(integersOnGpu([1, -2, 70_000]), "float32")));
    assert.ok(addOne(variable));
    assert.equal([...variable.dataSync()], [2, -1, 70_001]);
    variable.dispose();
  });
});

gpuSuite("what is attached to a tensor", (test) => {
  /** @returns The attachment, and how often it was made so far. */
  function attach(tensor: tf.Tensor, key: string, counts: { made: number }): tf.TensorInfo {
    return inKernel((memory) => {
      const [attached] = memory.attached(tensor, key, (keep) => {
        counts.made += 1;
        const out_values = keep(7, "float32");
        memory.run(raise, { buffers: { out_values }, params: { value: counts.made, size: 7 }, groups: 7 });
        return [out_values];
      });
      return attached!;
    });
  }

  test("is made once a key for the same data, clones included", async () => {
    await openGpu();
    const counts = { made: 0 };
    const tensor = integersOnGpu([1, 2]);
    const clone = tf.clone(tensor);
    const first = attach(tensor, "order", counts);
    assert.is(attach(clone, "order", counts), first);
    assert.is(counts.made, 1);
    assert.is.not(attach(clone, "another order", counts), first);
    assert.is.not(attach(integersOnGpu([1, 2]), "order", counts), first);
    assert.is(counts.made, 3);
    tf.dispose([tensor, clone]);
  });

  test("lives as long as the data, and is released with it", async () => {
    const { backend } = await openGpu();
    submit(backend);
    const { numBytesUsed } = backend.bufferManager;
    const tensor = integersOnGpu([1, 2]);
    const clone = tf.clone(tensor);
    const attached = attach(tensor, "order", { made: 0 });
    const values = valuesOf(attached);
    tensor.dispose();
    submit(backend);
    inKernel((memory) => {
      // Would find the memory, if it were free.
      const out_values = memory.scratch(7, "float32");
      memory.run(raise, { buffers: { out_values }, params: { value: 50, size: 7 }, groups: 7 });
    });
    assert.equal(valuesOf(attached), values);
    clone.dispose();
    submit(backend);
    assert.not(backend.tensorMap.has(attached.dataId));
    assert.is(backend.bufferManager.numBytesUsed, numBytesUsed);
  });
});
