/** A profile as a run reports it, with numbers that are easy to follow: a step of 100 ms on a machine of 10 and 5. */
import type { RunProfile } from "../../../core/run/run-profile.ts";
import { stepPhases } from "../../../core/training/phases.ts";
import type { KernelProfile, PhaseProfile } from "../../../core/training/step-profile.ts";

/** @param phases Those with a time; the others take none. */
export function makeProfile(phases: readonly PhaseProfile[] = [], changes: Partial<RunProfile> = {}): RunProfile {
  return {
    device: "cpu (a made-up one)",
    machine: { flopsPerSecond: 10e9, bytesPerSecond: 5e9 },
    steps: 20,
    warmupSteps: 5,
    stepMs: 100,
    phases: stepPhases.map((name) => phases.find(({ phase }) => phase === name) ?? { phase: name, ms: 0, kernels: [] }),
    ...changes,
  };
}

export function makeKernel(name: string, ownMs: number, changes: Partial<KernelProfile> = {}): KernelProfile {
  return { name, within: [], calls: 1, ownMs, totalMs: ownMs, flops: 0, bytes: 0, ...changes };
}
