/**
 * Where the time of training steps goes: phases, and in them kernels. Adds up what the training loop and a kernel
 * profiler tell, step by step; the first steps, in which code is compiled and memory is first touched, do not count,
 * and neither does what happens in a checkpoint. Means, not medians, so that parts add up to their whole.
 */
import type { KernelCall } from "../../kernels/profile/profile-kernels.ts";
import { stepPhases } from "./phases.ts";
import type { PhaseListener, StepPhase, TrainingPhase } from "./phases.ts";

/** Every number is of one step: the mean over those that were measured. */
export interface StepProfile {
  /** Steps that were measured. */
  readonly steps: number;
  /** Steps before them that were left out. */
  readonly warmupSteps: number;
  /** Wall-clock milliseconds, without checkpoints: the sum of the phases. */
  readonly stepMs: number;
  /** All of them, in the order of a step. */
  readonly phases: readonly PhaseProfile[];
}

export interface PhaseProfile {
  readonly phase: StepPhase;
  readonly ms: number;
  /** Those that ran, slowest first. What they leave of the phase's time was spent outside of kernels. */
  readonly kernels: readonly KernelProfile[];
}

export interface KernelProfile {
  /** Name in the registry of the tensor library. */
  readonly name: string;
  /** The kernels inside which it was called, outermost first; empty where training itself called it. */
  readonly within: readonly string[];
  readonly calls: number;
  /** Milliseconds without the kernels that it called: over a phase these add up. */
  readonly ownMs: number;
  /** Milliseconds with them: what flops and bytes are to be divided by. */
  readonly totalMs: number;
  readonly flops: number;
  readonly bytes: number;
}

export interface StepProfiler {
  readonly onPhase: PhaseListener;
  readonly onKernel: (call: KernelCall) => void;
  /** Ends the last step. @returns `undefined` when there was none to measure. */
  finish(): StepProfile | undefined;
}

export interface StepProfilerOptions {
  /** Steps that are left out at the start. */
  readonly warmupSteps: number;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

/** Sums over all measured steps. */
interface PhaseSums {
  ms: number;
  readonly kernels: Map<string, KernelSums>;
}

interface KernelSums extends Pick<KernelProfile, "name" | "within"> {
  calls: number;
  ownMs: number;
  totalMs: number;
  flops: number;
  bytes: number;
}

export function createStepProfiler({ warmupSteps, now = clock }: StepProfilerOptions): StepProfiler {
  const sums = new Map<StepPhase, PhaseSums>(stepPhases.map((phase) => [phase, { ms: 0, kernels: new Map() }]));
  let current: TrainingPhase | undefined;
  let since = 0;
  let numSteps = 0;
  /** Where time goes at this moment; undefined while it does not count. */
  const counted = (): PhaseSums | undefined =>
    current === undefined || current === "checkpoint" || numSteps <= warmupSteps ? undefined : sums.get(current);
  const endPhase = (): void => {
    const time = now();
    const phase = counted();
    if (phase !== undefined) phase.ms += time - since;
    since = time;
  };
  return {
    onPhase: (phase) => {
      endPhase();
      if (phase === "data") numSteps += 1;
      current = phase;
    },
    onKernel: (call) => {
      const phase = counted();
      if (phase !== undefined) addCall(phase.kernels, call);
    },
    finish: () => {
      endPhase();
      current = undefined;
      const steps = numSteps - warmupSteps;
      return steps > 0 ? meansOf(sums, { steps, warmupSteps }) : undefined;
    },
  };
}

function addCall(kernels: Map<string, KernelSums>, { name, within, ...call }: KernelCall): void {
  const key = [...within, name].join("/");
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    kernel = { name, within, calls: 0, ownMs: 0, totalMs: 0, flops: 0, bytes: 0 };
    kernels.set(key, kernel);
  }
  kernel.calls += 1;
  kernel.ownMs += call.ownMs;
  kernel.totalMs += call.totalMs;
  kernel.flops += call.flops;
  kernel.bytes += call.bytes;
}

function meansOf(
  sums: ReadonlyMap<StepPhase, PhaseSums>,
  { steps, warmupSteps }: Pick<StepProfile, "steps" | "warmupSteps">,
): StepProfile {
  const phases = [...sums].map(([phase, { ms, kernels }]) => ({
    phase,
    ms: ms / steps,
    kernels: [...kernels.values()].map((kernel) => meanOf(kernel, steps)).sort((a, b) => b.ownMs - a.ownMs),
  }));
  return { steps, warmupSteps, stepMs: phases.reduce((sum, { ms }) => sum + ms, 0), phases };
}

function meanOf({ name, within, ...sums }: KernelSums, steps: number): KernelProfile {
  return {
    ...{ name, within },
    calls: sums.calls / steps,
    ownMs: sums.ownMs / steps,
    totalMs: sums.totalMs / steps,
    flops: sums.flops / steps,
    bytes: sums.bytes / steps,
  };
}

function clock(): number {
  return performance.now();
}
