/** Tests of what only the webgpu device has: they are skipped, with the reason, where there is no adapter. */
import * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import type { GpuBackend } from "../../../kernels/webgpu/contracts.ts";
import type { GpuMemory } from "../../../kernels/webgpu/contracts.ts";
import { gpuBackendOf, withGpuMemory } from "../../../kernels/webgpu/memory.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { suite, type Test } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

export interface Gpu {
  readonly device: Device;
  readonly backend: GpuBackend;
}

/** A suite whose tests need an adapter. */
export function gpuSuite(name: string, declare: (test: Test) => void): void {
  suite(name, (test) => {
    const skip = gpuMissing === undefined ? undefined : `webgpu is not available: ${gpuMissing}`;
    declare((testName, body, options) => {
      test(testName, body, { ...options, ...(skip === undefined ? {} : { skip }) });
    });
  });
}

/** Makes the webgpu device current; one that works, whatever became of the last one. */
export async function openGpu(): Promise<Gpu> {
  const device = await testedGpu.open();
  return { device, backend: currentBackend() };
}

function currentBackend(): GpuBackend {
  return gpuBackendOf(tf.backend());
}

/** Runs `work` as a kernel runs: its scratch memory and its tensors are gone afterwards. */
export function inKernel<T>(work: (memory: GpuMemory, backend: GpuBackend) => T): T {
  const backend = currentBackend();
  let result: T | undefined;
  tf.tidy(() => {
    result = withGpuMemory(backend, (memory) => work(memory, backend));
  });
  return result as T;
}

/** Moves the tensor's values to the GPU, so that nobody computes with them on the host. */
export function onGpu<T extends tf.TensorInfo>(tensor: T): T {
  currentBackend().uploadToGPU(tensor.dataId);
  return tensor;
}

/** int32 on the GPU. */
export function integersOnGpu(values: readonly number[] | Int32Array): tf.Tensor1D {
  return onGpu(tf.tensor1d(Int32Array.from(values), "int32"));
}

/** What lies in memory of a kernel. */
export function valuesOf({ dataId }: tf.TensorInfo): number[] {
  return Array.from(currentBackend().readSync(dataId) as ArrayLike<number>);
}

/** Says where long lists differ; assert.equal would print them. */
export function expectSame(what: string, received: ArrayLike<number>, expected: ArrayLike<number>): void {
  expectClose(what, received, expected, { atol: 0, rtol: 0 });
}

/** What a call throws; an error of its own where it throws nothing. */
export async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
