/**
 * One version of one kernel, as a folder's reference.ts, host.ts and native.ts export it, and how it becomes what tfjs'
 * registry wants. A version runs inside a kernel, so tfjs does not record what it calls.
 */
import * as tf from "@tensorflow/tfjs";
import { createHostMemory, type HostMemory } from "./host-memory.ts";
import { memoryOf, type NativeMemory } from "./native/memory.ts";
import type { GpuBackend } from "./webgpu/contracts.ts";
import type { GpuMemory } from "./webgpu/contracts.ts";
import { withGpuMemory } from "./webgpu/memory.ts";

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

/** A version written over typed arrays, for backends whose tensors lie in host memory. */
export function hostVersion(
  kernelName: string,
  run: (memory: HostMemory, inputs: never, attrs: never) => tf.Tensor | tf.Tensor[],
): KernelVersion {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      tf.tidy(() => run(createHostMemory(backend), inputs as never, attrs as never)),
  };
}

/** A version that calls the addon, for the native backend. */
export function nativeVersion(
  kernelName: string,
  run: (memory: NativeMemory, inputs: never, attrs: never) => tf.Tensor | tf.Tensor[],
): KernelVersion {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) => tf.tidy(() => run(memoryOf(backend), inputs as never, attrs as never)),
  };
}

/** A version that records programs in WGSL, for the webgpu backend. */
export function gpuVersion(
  kernelName: string,
  run: (memory: GpuMemory, inputs: never, attrs: never) => tf.Tensor | tf.Tensor[],
): KernelVersion {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      tf.tidy(() =>
        withGpuMemory(backend as unknown as GpuBackend, (memory) => run(memory, inputs as never, attrs as never)),
      ),
  };
}

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
