/**
 * Times every kernel of a backend while it is used. Each registered kernel is replaced by one that reads the clock
 * around it; afterwards the registry is as it was, so nothing of this costs anything when nobody profiles. Unlike
 * tfjs' own `tf.profile` it tells a kernel's own time from that of the kernels that it calls, and keeps no list.
 *
 * The time is that of the call, on a backend that computes at once. A GPU computes later and has a clock of its own
 * (`startClock`): there the time is how long the GPU was busy, and a call is told at the next `Device.wait`. A
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

/** A backend that computes later, and measures how long. */
interface LateBackend {
  startClock(): KernelClock | undefined;
}

interface KernelClock {
  around<T>(work: () => T, onMs: (ms: number) => void): T;
  report(): void;
  stop(): void;
}

/** Starts timing. @returns Stops it; kernels that were registered anew in between are left alone. */
export function profileKernels({
  onCall,
  backendName = tf.getBackend(),
  now = clock,
}: KernelProfilerOptions): () => void {
  const open: OpenCall[] = [];
  const backend: object = tf.findBackend(backendName);
  const clock = "startClock" in backend ? (backend as LateBackend).startClock() : undefined;
  const timed = (config: tf.KernelConfig): tf.KernelConfig => ({
    ...config,
    kernelFunc: (use) => {
      const caller = open.at(-1);
      const within = caller?.path ?? [];
      const call: OpenCall = { path: [...within, config.kernelName], innerMs: 0 };
      const started = now();
      open.push(call);
      const costOfResult = (result: tf.TensorInfo | tf.TensorInfo[]): KernelCost => {
        const outputs = Array.isArray(result) ? result : [result];
        return costOf(config.kernelName, { inputs: use.inputs, attrs: use.attrs ?? {}, outputs });
      };
      const name = config.kernelName;
      try {
        if (clock !== undefined) {
          let cost: KernelCost = { flops: 0, bytes: 0 };
          const result = clock.around(
            () => config.kernelFunc(use),
            (ms) => {
              onCall({ name, within, ownMs: ms, totalMs: ms, ...cost });
            },
          );
          cost = costOfResult(result);
          return result;
        }
        const result = config.kernelFunc(use);
        const totalMs = now() - started;
        onCall({ name, within, ownMs: totalMs - call.innerMs, totalMs, ...costOfResult(result) });
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
    clock?.report();
    clock?.stop();
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
