/**
 * How many threads a run may use: the cores divided by the runs that execute at the same time. Where an executor lends
 * idle cores, the share grows when runs end and none is left to take their place.
 */
import { availableParallelism } from "node:os";
import type { Device } from "../../kernels/devices/device.ts";
import type { ProcessorShare } from "./contracts.ts";

/** A share that its owner changes. */
export interface AdjustableShare extends ProcessorShare {
  set(threads: number): void;
}

/** @param threads At first; without it all cores, for whoever has the machine alone. */
export function createProcessorShare(threads: number = availableParallelism()): AdjustableShare {
  const listeners = new Set<(threads: number) => void>();
  let current = threads;
  return {
    get threads() {
      return current;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set: (changed) => {
      if (changed === current) return;
      current = changed;
      for (const listener of listeners) listener(changed);
    },
  };
}

/** @param runs That execute at the same time. @returns At least 1, also with more runs than cores. */
export function threadsOfEach(cores: number, runs: number): number {
  return Math.max(1, Math.floor(cores / Math.max(1, runs)));
}

/**
 * Tells a device of its share now, since that may have changed while the device was opened, and at every change.
 * @param onFault Told of a device that does not take it: it then goes on with the threads that it had.
 * @returns Ends that; to be called before the device is disposed of.
 */
export function followShare(device: Device, share: ProcessorShare, onFault: (error: unknown) => void): () => void {
  const tell = (): void => {
    try {
      device.setThreads?.(share.threads);
    } catch (error) {
      onFault(error);
    }
  };
  tell();
  return share.onChange(tell);
}
