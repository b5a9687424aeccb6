/**
 * Which GPU a run has while it executes. Every GPU of an executor takes some runs at a time; a run that finds none free
 * waits.
 */
import { isPartOfName } from "../../kernels/devices/adapter-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { AssignedGpu } from "../services.ts";
import type { GpuWish } from "./contracts.ts";

/** One GPU of an executor. */
export interface Gpu {
  /** Part of its adapter's name. */
  readonly adapter?: string;
  /** Environment variables of processes that compute on it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs that may compute on it at a time. */
  readonly slots: number;
}

export interface GpuSlots {
  /** Runs on GPUs at a time. */
  readonly numSlots: number;
  /**
   * The free GPU with the fewest runs on it, the first of equals; `undefined` while those that fit are taken.
   * @throws SwitchyardError GPU_NOT_ASSIGNED when none fits
   */
  take(wish: GpuWish): AssignedGpu | undefined;
  /** Gives back what `take` gave. */
  release(assigned: AssignedGpu): void;
}

export function createGpuSlots(gpus: readonly Gpu[]): GpuSlots {
  const numRuns = gpus.map(() => 0);
  return {
    numSlots: gpus.reduce((sum, { slots }) => sum + slots, 0),
    take: (wish) => {
      const fitting = [...gpus.entries()].filter(([, gpu]) => fits(wish, gpu));
      if (fitting.length === 0) throw nothingFits(wish, gpus);
      let found: readonly [index: number, gpu: Gpu] | undefined;
      for (const [index, gpu] of fitting) {
        const runs = numRuns[index] ?? 0;
        if (runs < gpu.slots && (found === undefined || runs < (numRuns[found[0]] ?? 0))) found = [index, gpu];
      }
      if (found === undefined) return undefined;
      const [index, { adapter, env }] = found;
      numRuns[index] = (numRuns[index] ?? 0) + 1;
      return { index, ...(adapter === undefined ? {} : { adapter }), env };
    },
    release: ({ index }) => {
      numRuns[index] = (numRuns[index] ?? 1) - 1;
    },
  };
}

/** One name may be longer than the other: "H100" asks for "NVIDIA H100 PCIe", and so the other way round. */
function fits({ adapter: wanted }: GpuWish, { adapter }: Gpu): boolean {
  if (wanted === undefined || adapter === undefined) return true;
  return isPartOfName(wanted, adapter) || isPartOfName(adapter, wanted);
}

/**
 * Makes sure that a device computes on the GPU that was assigned.
 * @param opened What the device says that it computes on; one that cannot tell is believed.
 * @throws SwitchyardError GPU_NOT_ASSIGNED
 */
export function checkAssignedGpu(assigned: AssignedGpu | undefined, opened: string | undefined): void {
  if (assigned?.adapter === undefined || opened === undefined || isPartOfName(assigned.adapter, opened)) return;
  throw new SwitchyardError("GPU_NOT_ASSIGNED", "The device opened another GPU than the one that was assigned.", {
    where: `executor.gpus.${assigned.index}`,
    expected: assigned.adapter,
    received: opened,
    next: "Correct `adapter` or `env` of that GPU; `switchyard doctor`, with that environment, shows what opens.",
  });
}

function nothingFits({ adapter = "" }: GpuWish, gpus: readonly Gpu[]): SwitchyardError {
  return new SwitchyardError("GPU_NOT_ASSIGNED", "None of the executor's GPUs is the one that the run asks for.", {
    where: "device.adapter",
    expected: `part of: ${gpus.map((gpu) => gpu.adapter ?? "any").join(", ")}`,
    received: adapter,
    next: "Name it in executor.gpus, or leave `adapter` of the device out: any GPU of the list will do then.",
  });
}
