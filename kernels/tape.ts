/**
 * How our kernels meet tfjs' tape. tfjs asks every kernel on the path of a gradient for a float32 gradient of each
 * input that depends on a variable, integer inputs included: expert indices from `argMax` of a trained router would
 * make it throw ("must have float32 dtype"). So inputs that no gradient flows into are detached: handed over as
 * another tensor of the same data that the tape has not seen. Integer outputs are detached for the same reason.
 */
import * as tf from "@tensorflow/tfjs";
import { detach as detachFrom } from "./detach.ts";

/** See detach.ts. */
export function detach<T extends tf.Tensor>(tensor: T): T {
  return detachFrom(tf, tensor);
}

export interface KernelCall {
  /** Inputs that a gradient may flow into. */
  readonly differentiable: Readonly<Record<string, tf.Tensor>>;
  /** Inputs that none flows into. */
  readonly fixed?: Readonly<Record<string, tf.Tensor>>;
  readonly attrs?: Readonly<Record<string, number>>;
}

/** Runs the version of a kernel that is registered for the current backend, and puts it on the tape. */
export function runKernel(name: string, call: KernelCall): tf.Tensor {
  return run(name, call) as tf.Tensor;
}

/** The name of the version of a kernel whose result is formed when somebody reads it. */
export function deferredName(name: string): string {
  return `${name}Deferred`;
}

/** Runs the deferred version where the current backend has one (native/deferred.ts), else the kernel itself. */
export function runDeferrable(name: string, call: KernelCall): tf.Tensor {
  const deferred = deferredName(name);
  const known = tf.getKernel(deferred, tf.getBackend()) as tf.KernelConfig | undefined;
  return runKernel(known === undefined ? name : deferred, call);
}

/** A kernel's gradient, for the kernel and for its deferred version. */
export function deferrableGradient(config: tf.GradConfig): readonly tf.GradConfig[] {
  return [config, { ...config, kernelName: deferredName(config.kernelName) }];
}

/** As `runKernel`, for a kernel with several outputs, or none. */
export function runKernelWithOutputs(name: string, call: KernelCall): readonly tf.Tensor[] {
  return run(name, call) as tf.Tensor[];
}

function run(name: string, { differentiable, fixed = {}, attrs }: KernelCall): tf.Tensor | tf.Tensor[] {
  const detached = Object.entries(fixed).map(([input, tensor]) => [input, detach(tensor)] as const);
  try {
    return tf.engine().runKernel(name, { ...differentiable, ...Object.fromEntries(detached) }, { ...attrs });
  } finally {
    for (const [, tensor] of detached) tensor.dispose();
  }
}

/** Detaches an output and drops the original. */
export function detachOutput<T extends tf.Tensor>(output: T): T {
  const detached = detach(output);
  output.dispose();
  return detached;
}
