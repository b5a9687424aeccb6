/**
 * Times every kernel of a backend while it is used. Each registered kernel is replaced by one that reads the clock
 * around it; afterwards the registry is as it was, so nothing of this costs anything when nobody profiles. Unlike
 * tfjs' own `tf.profile` it tells a kernel's own time from that of the kernels that it calls, and keeps no list.
 *
 * The time is that of the call. On a backend that computes at once that is the work; on one that computes
 * asynchronously (a GPU) it is the time to hand the work over, and the waiting falls to whoever reads a result. A
 * backend that evaluates an operand only when it is needed does that work in the kernel that needs it, and the time
 * is that kernel's.
 */
import * as tf from "@tensorflow/tfjs";
import { costOf, type KernelCost } from "./costs.ts";

export interface KernelCall extends KernelCost {
  readonly name: string;
  /** The kernels inside which this one was called, outermost first; mostly none. */
  readonly within: readonly string[];
  /** Without the kernels that it called. */
  readonly ownMs: number;
  /** With them: the time that the cost was paid in. */
  readonly totalMs: number;
}

export interface KernelProfilerOptions {
  /** Told of every call that returned, inner ones first. */
  readonly onCall: (call: KernelCall) => void;
  /** Default: the current backend. */
  readonly backendName?: string;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

interface OpenCall {
  /** What a kernel called from here is within. */
  readonly path: readonly string[];
  /** Spent in kernels that this one called, their bookkeeping included. */
  innerMs: number;
}

/** Starts timing. @returns Stops it; kernels that were registered anew in between are left alone. */
export function profileKernels({
  onCall,
  backendName = tf.getBackend(),
  now = clock,
}: KernelProfilerOptions): () => void {
  const open: OpenCall[] = [];
  const timed = (config: tf.KernelConfig): tf.KernelConfig => ({
    ...config,
    kernelFunc: (use) => {
      const caller = open.at(-1);
      const within = caller?.path ?? [];
      const call: OpenCall = { path: [...within, config.kernelName], innerMs: 0 };
      const started = now();
      open.push(call);
      try {
        const result = config.kernelFunc(use);
        const totalMs = now() - started;
        const outputs = Array.isArray(result) ? result : [result];
        const cost = costOf(config.kernelName, { inputs: use.inputs, attrs: use.attrs ?? {}, outputs });
        onCall({ name: config.kernelName, within, ownMs: totalMs - call.innerMs, totalMs, ...cost });
        return result;
      } finally {
        open.pop();
        if (caller !== undefined) caller.innerMs += now() - started;
      }
    },
  });
  const pairs = tf.getKernelsForBackend(backendName).map((original) => ({ original, wrapped: timed(original) }));
  for (const { wrapped } of pairs) replace(wrapped);
  return () => {
    for (const { original, wrapped } of pairs) {
      if (tf.getKernel(original.kernelName, backendName) === wrapped) replace(original);
    }
  };
}

/** tfjs warns about a second registration, so the first is taken out. */
function replace(config: tf.KernelConfig): void {
  tf.unregisterKernel(config.kernelName, config.backendName);
  tf.registerKernel(config);
}

function clock(): number {
  return performance.now();
}
