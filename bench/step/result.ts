/** What the step bench reports of one size, and of all in one line of JSON. */
import type { OpenedGpu } from "../gpu/opened.ts";
import type { MachineDescription, MachineRates } from "../machine.ts";
import { median, rounded, summarise, type Summary } from "../samples.ts";
import type { TraceErrors } from "./compare.ts";
import { bytesOf, floorOf, workOf, type StepFloor } from "./floor.ts";
import type { MeasuredStep } from "./measure-steps.ts";
import type { PlannedSize } from "./options.ts";

/** A size that has passed its check and was timed. */
export interface SizeRun {
  readonly planned: PlannedSize;
  /** How far the checked steps were from float64. */
  readonly errors: TraceErrors;
  /** At least one. */
  readonly steps: readonly MeasuredStep[];
}

export interface StepResult extends PlannedSize {
  readonly errors: TraceErrors;
  /** Milliseconds of a step. */
  readonly stepMs: Summary;
  /** Median milliseconds by phase. */
  readonly phases: Readonly<Record<string, number>>;
  readonly floor: StepFloor;
  /** Median step over floor. */
  readonly overFloor: number;
  /** Median step over the memory floor alone. */
  readonly overMemory: number;
  /** The bytes of the floor's formula over the median step: not what a counter of the memory would show. */
  readonly bytesPerSecond: number;
}

export function resultOf({ planned, errors, steps }: SizeRun, rates: MachineRates): StepResult {
  const stepMs = summarise(steps.map((step) => step.stepMs));
  const work = workOf(planned.size);
  const floor = floorOf(work, rates);
  return {
    ...{ ...planned, errors, stepMs, phases: medianPhases(steps), floor },
    overFloor: stepMs.median / floor.totalMs,
    overMemory: stepMs.median / floor.memoryMs,
    bytesPerSecond: bytesOf(work) / (stepMs.median / 1000),
  };
}

/** A JSON value; every size in it has passed its check. */
export function stepJson(input: {
  readonly device: string;
  readonly threads: number;
  readonly machine: MachineDescription & MachineRates;
  /** With device=webgpu. */
  readonly gpu?: OpenedGpu;
  readonly results: readonly StepResult[];
}): unknown {
  return rounded({ bench: "step", checked: true, ...input });
}

/** @returns Median milliseconds by phase, in the order of a step. */
export function medianPhases(steps: readonly MeasuredStep[]): Readonly<Record<string, number>> {
  const names = Object.keys(steps[0]?.phases ?? {});
  return Object.fromEntries(names.map((name) => [name, median(steps.map(({ phases }) => phases[name] ?? 0))]));
}
