/** What steps measured: reading it from the device, and the error of a step that broke. */
import type * as tf from "@tensorflow/tfjs";
import { KernelError } from "../../kernels/kernel-error.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { StepRecord } from "./contracts.ts";
import type { DeadWatch } from "./dead-watch.ts";
import type { TrainingInput } from "./training-input.ts";
import type { NamedLoss } from "./gradients.ts";

/** A step that was handed to the device. */
export interface TakenStep {
  readonly step: number;
  readonly learningRate: number;
  /** Total, each loss, what the dead watch measures, gradient norm: read already, or still on the device. */
  readonly measured: readonly number[] | tf.Tensor1D;
}

export type StepMeasurements = Omit<StepRecord, "step" | "rows" | "stepMs">;

/**
 * Reads what steps measured, and disposes of it.
 * @returns What the last of them measured. @throws SwitchyardError LOSS_NOT_FINITE for the first that broke
 */
export async function readSteps(
  input: TrainingInput,
  steps: readonly TakenStep[],
  deadWatch: DeadWatch,
): Promise<StepMeasurements> {
  const numLosses = input.losses.length;
  const read = await readTogether(input.tf, steps);
  let last: StepMeasurements | undefined;
  for (const [i, { step, learningRate }] of steps.entries()) {
    const numbers = read[i] ?? [];
    checkFinite(input, step, numbers);
    const [loss = Number.NaN, ...others] = numbers;
    last = {
      loss,
      losses: Object.fromEntries(input.losses.map(([name], j) => [name, others[j] ?? Number.NaN])),
      learningRate,
      gradientNorm: others.at(-1) ?? Number.NaN,
      deadFeatures: deadWatch.note(others.slice(numLosses, -1)),
    };
  }
  if (last === undefined) throw new TypeError("no step to read");
  return last;
}

/** One reading for all steps whose numbers are still on the device. */
async function readTogether(
  tensorflow: typeof tf,
  steps: readonly TakenStep[],
): Promise<readonly (readonly number[])[]> {
  const onDevice = steps.flatMap(({ measured }) => ("dataId" in measured ? [measured] : []));
  const [first] = steps;
  if (onDevice.length < steps.length || first === undefined) {
    return steps.map(({ measured }) => ("dataId" in measured ? [] : measured));
  }
  const together: tf.Tensor = tensorflow.stack(onDevice);
  tensorflow.dispose(onDevice);
  const width = together.shape[1] ?? 1;
  try {
    const numbers = await attempt(first.step, () => together.data());
    return steps.map((_, i) => [...numbers.slice(i * width, (i + 1) * width)]);
  } finally {
    together.dispose();
  }
}

/**
 * A kernel that refuses its input in the middle of training met a number that training broke.
 * @param step Of those that are attempted, the first.
 */
export function attempt<T>(step: number, work: () => T): T {
  const explain = (error: unknown): unknown => {
    const isValue = error instanceof KernelError && /^KERNEL_(VALUE|INDEX)_RANGE$/.test(error.code);
    return isValue ? refused(step, error) : error;
  };
  try {
    const result = work();
    if (!(result instanceof Promise)) return result;
    // A device that computes ahead refuses when its results are read.
    return result.catch((error: unknown) => {
      throw explain(error);
    }) as T;
  } catch (error) {
    throw explain(error);
  }
}

function refused(step: number, error: KernelError): SwitchyardError {
  return new SwitchyardError("LOSS_NOT_FINITE", `Training broke down in step ${step + 1}.`, {
    where: `step ${step + 1}, ${error.where ?? "a kernel"}`,
    expected: error.expected ?? "finite values",
    received: error.received ?? "others",
    next:
      step === 0
        ? "look at what the router returns, and at the first rows of the source"
        : "lower the optimizer's learningRate or set training.gradientClip; the last checkpoint is untouched",
    cause: error,
  });
}

/** @param measured As of `TakenStep`. @throws SwitchyardError LOSS_NOT_FINITE */
export function checkFinite({ losses }: TrainingInput, step: number, measured: readonly number[]): void {
  const [loss = Number.NaN, ...others] = measured;
  const norm = others.at(-1) ?? Number.NaN;
  if (Number.isFinite(loss) && Number.isFinite(norm)) return;
  throw notFinite(step, losses, { loss, unweighted: others.slice(0, losses.length), norm });
}

function notFinite(
  step: number,
  losses: readonly NamedLoss[],
  { loss, unweighted, norm }: { loss: number; unweighted: readonly number[]; norm: number },
): SwitchyardError {
  const parts = losses.map(([name], i) => `${name} ${unweighted[i] ?? Number.NaN}`);
  return new SwitchyardError("LOSS_NOT_FINITE", `Training broke down in step ${step + 1}.`, {
    where: `step ${step + 1}`,
    expected: "a finite loss and a finite gradient",
    received: `loss ${loss} (${parts.join(", ")}), gradient norm ${norm}`,
    next: "lower the optimizer's learningRate or set training.gradientClip; the last checkpoint is untouched",
  });
}
