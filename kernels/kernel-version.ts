/**
 * One version of one kernel, as a folder's reference.ts, host.ts, native.ts and webgpu.ts export it, and how it becomes what tfjs'
 * registry wants. A version runs inside a kernel, so tfjs does not record what it calls.
 */
import * as tf from "@tensorflow/tfjs";
import { createHostMemory, type HostMemory } from "./host-memory.ts";
import { memoryOf, type NativeMemory } from "./native/memory.ts";
import type { GpuMemory } from "./webgpu/contracts.ts";
import { gpuBackendOf, withGpuMemory } from "./webgpu/memory.ts";

/** Which version of the kernels a backend gets. */
export type Implementation = "reference" | "host" | "native" | "webgpu";

export interface KernelVersion {
  readonly kernelName: string;
  readonly kernelFunc: tf.KernelFunc;
}

/**
 * A version composed of tfjs operations, for any backend. Intermediate tensors are disposed.
 * @param run Its parameters are typed as the kernel's contract says; the contract's wrapper is the only caller.
 */
export function referenceVersion(
  kernelName: string,
  run: (inputs: never, attrs: never) => tf.Tensor | tf.Tensor[],
): KernelVersion {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => run(inputs as never, attrs as never)),
  };
}

/** How a version gets at the memory of its backend. */
type WithMemory<Memory> = <T>(backend: object, work: (memory: Memory) => T) => T;

/** @returns Makes versions over such memory. Intermediate tensors of a version are disposed. */
function versionsOver<Memory>(withMemory: WithMemory<Memory>) {
  return (
    kernelName: string,
    run: (memory: Memory, inputs: never, attrs: never) => tf.Tensor | tf.Tensor[],
  ): KernelVersion => ({
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      tf.tidy(() => withMemory(backend, (memory) => run(memory, inputs as never, attrs as never))),
  });
}

/** A version written over typed arrays, for backends whose tensors lie in host memory. */
export const hostVersion = versionsOver<HostMemory>((backend, work) => work(createHostMemory(backend)));

/** A version that calls the addon, for the native backend. */
export const nativeVersion = versionsOver<NativeMemory>((backend, work) => work(memoryOf(backend)));

/** A version that records programs in WGSL, for the webgpu backend. */
export const gpuVersion = versionsOver<GpuMemory>((backend, work) => withGpuMemory(gpuBackendOf(backend), work));

/**
 * A version of one of tfjs' own kernels, for the cases that are worth it: where `run` returns undefined, tfjs' CPU
 * kernel does the work.
 */
export function nativeReplacement(
  kernelName: string,
  run: (memory: NativeMemory, inputs: never, attrs: never) => tf.Tensor | tf.Tensor[] | undefined,
): KernelVersion {
  return {
    kernelName,
    kernelFunc: (call) => {
      const memory = memoryOf(call.backend);
      let made: tf.Tensor | tf.Tensor[] | undefined;
      tf.tidy(() => {
        made = run(memory, call.inputs as never, call.attrs as never);
        return made ?? [];
      });
      return made ?? tf.getKernel(kernelName, "cpu").kernelFunc(call);
    },
  };
}
