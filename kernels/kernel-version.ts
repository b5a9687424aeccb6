/**
 * One version of one kernel, as a folder's reference.ts and host.ts export it, and how it becomes what tfjs'
 * registry wants. A version runs inside a kernel, so tfjs does not record what it calls.
 */
import * as tf from "@tensorflow/tfjs";
import { createHostMemory, type HostMemory } from "./host-memory.ts";

/** Which version of the kernels a backend gets. */
export type Implementation = "reference" | "host";

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
