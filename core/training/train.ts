/**
 * The training loop.
 *
 *   step 0         decoder bias from the first batch
 *   each step      project parameters; losses and gradients; global norm; clip; update; buffers; resampling
 *
 * That is the reference's order: clipping comes before the optimizer's own projection of gradients. The loop writes no
 * files and knows no device: checkpoints and log lines leave it through callbacks. It lets the event loop turn once a
 * step, so that signals are seen.
 *
 * A device that computes ahead (a GPU) is not waited for in every step: norm and clipping stay on it, and what the steps
 * measured is read together, at log lines, checkpoints, and at least every `mostStepsAhead` steps.
 * @see amudide/switch_sae trainers/switch.py (update); docs/paper-map.md
 */
import { setImmediate } from "node:timers/promises";
import { restoreOptimizer, restoreParameters } from "./checkpoint.ts";
import { createDeadWatch } from "./dead-watch.ts";
import { readSteps, type StepMeasurements, type TakenStep } from "./read-steps.ts";
import { isResampledAfter, resampleDeadFeatures } from "./resample.ts";
import { takeStep, type StepInput } from "./take-step.ts";
import type { TrainingInput } from "./training-input.ts";

export interface TrainingSummary {
  /** Finished steps, those before a resume included. */
  readonly step: number;
  /** Rows consumed. */
  readonly rows: number;
  /** Whether the signal ended training before the last step. */
  readonly interrupted: boolean;
  /** Median wall-clock of a step of this call, without data loading; undefined when it made none. */
  readonly stepMs: number | undefined;
  /** Largest resident set of the process so far. */
  readonly peakMemoryBytes: number;
}

/** Steps that are handed to a device that computes ahead before their numbers are read. */
const mostStepsAhead = 50;

/**
 * Trains until `config.steps` steps are done. The optimizer's state is allocated here and is the caller's to dispose.
 * @throws SwitchyardError LOSS_NOT_FINITE (the step is not applied; where the device computes ahead, it is noticed later,
 *   and before any checkpoint), OPTIMIZER_STATE_MISMATCH
 */
export async function train(input: TrainingInput): Promise<TrainingSummary> {
  const { tf, model, optimizer, config, resumeFrom, signal } = input;
  optimizer.initialise(model.parameters);
  if (resumeFrom !== undefined) {
    await restoreParameters(tf, model.parameters, resumeFrom);
    await restoreOptimizer(tf, optimizer, resumeFrom);
  }
  const batch_BD = new Float32Array(config.batchSize * model.shape.width);
  const deadWatch = await createDeadWatch(model.parameters, config);
  const durationsMs: number[] = [];
  const unread: TakenStep[] = [];
  let busyMs = 0;
  let step = resumeFrom?.step ?? 0;
  let rows = resumeFrom?.rows ?? 0;
  let savedStep = step;
  const save = async (): Promise<void> => {
    savedStep = step;
    const { seed } = input.rng;
    const { batchSize } = config;
    input.onPhase?.("checkpoint");
    await input.onCheckpoint?.({ step, rows, seed, batchSize, parameters: model.parameters, optimizer });
    input.onPhase?.("other");
  };
  while (step < config.steps && signal?.aborted !== true) {
    input.onPhase?.("data");
    await input.stream.next(config.batchSize, batch_BD);
    const started = performance.now();
    if (step === 0) model.initialiseFromRows(batch_BD);
    unread.push(await takeStep(input, { batch_BD, step, deadWatch }));
    step += 1;
    rows += config.batchSize;
    const isLast = step === config.steps;
    const isLogged = isLast || step % config.logEvery === 0;
    const isSaved = isLast || step % config.checkpointEvery === 0;
    const isResampled = isResampledAfter(config, step);
    const isRead = input.computesAhead !== true || isLogged || isSaved || isResampled;
    let measured: StepMeasurements | undefined;
    if (isRead || unread.length === mostStepsAhead) {
      measured = await readSteps(input, unread, deadWatch);
      if (isResampled && (measured.deadFeatures ?? 0) > 0) await resample(input, { batch_BD, step, deadWatch });
    }
    busyMs += performance.now() - started;
    if (measured !== undefined) {
      const stepMs = busyMs / unread.length;
      durationsMs.push(...unread.map(() => stepMs));
      if (isLogged) await input.onStep?.({ step, rows, ...measured, stepMs });
      unread.length = 0;
      busyMs = 0;
    }
    if (input.onStepEnd !== undefined) {
      input.onPhase?.("checkpoint");
      await input.onStepEnd(step);
      input.onPhase?.("other");
    }
    if (isSaved) await save();
    await setImmediate();
  }
  const interrupted = step < config.steps;
  // The signal may have come after the last reading.
  if (unread.length > 0) await readSteps(input, unread, deadWatch);
  if (interrupted && savedStep !== step) await save();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return { step, rows, interrupted, stepMs: median(durationsMs), peakMemoryBytes };
}

async function resample(input: TrainingInput, { batch_BD, step, deadWatch }: StepInput): Promise<void> {
  const { tf, model, optimizer, config } = input;
  await resampleDeadFeatures({
    ...{ tf, model, optimizer, batch_BD, deadAfterSteps: deadWatch.window, ...input.rng },
    training: { step: step - 1, totalSteps: config.steps },
  });
  // As a run does that resumes from here: what it is told of dead features must not differ.
  await deadWatch.refresh();
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
