/**
 * Measures the training part of a run: times phases and kernels while it trains, then what the machine can do, and
 * hands both on. Nothing of it changes what is computed; a device that computes ahead is waited for at the end of each
 * phase, so its steps take longer than without. The machine is measured last, so that the memory that takes
 * is no part of the run's peak.
 */
import { join } from "node:path";
import type { PhaseListener } from "../training/phases.ts";
import { createStepProfiler } from "../training/step-profile.ts";
import * as services from "../services.ts";
import { writeJson } from "./json-file.ts";
import { attemptFiles } from "./layout.ts";
import type { RunInProgress } from "./run-in-progress.ts";
import type { RunProfile } from "./run-profile.ts";

/** Steps in which code is compiled and memory is first touched. */
const mostWarmupSteps = 5;

/**
 * @param numSteps Steps that this attempt has to make.
 * @param train Trains, announcing its phases.
 * @returns What `train` returns. Without a step that could be measured there is no profile.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE; whatever `train` throws
 */
export async function profileTraining<T>(
  { scope, attempt, emit }: RunInProgress,
  numSteps: number,
  train: (onPhase: PhaseListener) => Promise<T>,
): Promise<T> {
  const { profileKernels } = await import("../../kernels/profile/profile-kernels.ts");
  const { measureMachine } = await import("../../kernels/profile/measure-machine.ts");
  const device = await scope.get(services.deviceRef);
  const profiler = createStepProfiler({ warmupSteps: warmupOf(numSteps) });
  const stopProfiling = profileKernels({ onCall: profiler.onKernel });
  let result: T;
  try {
    result = await train((phase) => {
      device.wait?.();
      profiler.onPhase(phase);
    });
  } finally {
    stopProfiling();
  }
  const steps = profiler.finish();
  if (steps === undefined) return result;
  const profile: RunProfile = { device: device.description, machine: measureMachine(device), ...steps };
  await writeJson(join(attempt.folder, attemptFiles.profile), profile);
  emit({ type: "profile", profile });
  return result;
}

/** A short run keeps half of its steps. */
export function warmupOf(numSteps: number): number {
  return Math.min(mostWarmupSteps, Math.floor(numSteps / 2));
}
