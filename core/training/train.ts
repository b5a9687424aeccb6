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
import type * as tf from "@tensorflow/tfjs";
import { KernelError } from "../../kernels/kernel-error.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { TrainingConfig } from "../config/config.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Rng } from "../model/rng.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { ParameterSet } from "../model/parameters.ts";
import { restoreOptimizer, restoreParameters } from "./checkpoint.ts";
import type { Checkpoint, TrainingState } from "./checkpoint.ts";
import type { Optimizer, Schedule, StepRecord } from "./contracts.ts";
import { createDeadWatch } from "./dead-watch.ts";
import type { DeadWatch } from "./dead-watch.ts";
import type { PhaseListener } from "./phases.ts";
import { isResampledAfter, resampleDeadFeatures } from "./resample.ts";
import { clipGradients, clipGradientsAhead, gradientNorm, lossGradients } from "./training-step.ts";
import type { LossGradients, NamedLoss } from "./training-step.ts";

/** What training takes of a stream of rows; `createShuffledStream` makes one. */
export interface BatchStream {
  /** Copies the next `count` rows into the front of `into`, row-major float32. */
  next(count: number, into: Float32Array): Promise<void>;
}

export interface TrainingInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly model: SparseAutoencoder;
  readonly losses: readonly NamedLoss[];
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly config: Pick<TrainingConfig, "steps" | "batchSize" | "gradientClip" | "checkpointEvery" | "logEvery"> &
    Partial<Pick<TrainingConfig, "deadAfterRows" | "resampleEvery" | "resampleUntil">>;
  /** Positioned after `resumeFrom.rows` rows when resuming. */
  readonly stream: BatchStream;
  readonly rng: Pick<Rng, "seed">;
  /** Whether the device computes behind our back, so that reading a number waits for everything before it. */
  readonly computesAhead?: boolean | undefined;
  readonly resumeFrom?: Checkpoint | undefined;
  readonly onStep?: (record: StepRecord) => void | Promise<void>;
  /** Called after every step with the number of finished steps, before its checkpoint; part of no phase of a step. */
  readonly onStepEnd?: ((step: number) => void | Promise<void>) | undefined;
  /** Called every `checkpointEvery` steps, after the last step, and when interrupted. */
  readonly onCheckpoint?: (state: TrainingState) => void | Promise<void>;
  /** Told what every step is busy with. */
  readonly onPhase?: PhaseListener | undefined;
  /** Ends training after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

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
      measured = await settle(input, unread, deadWatch);
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
    if (isLast || step % config.checkpointEvery === 0) await save();
    await setImmediate();
  }
  const interrupted = step < config.steps;
  // The signal may have come after the last reading.
  if (unread.length > 0) await settle(input, unread, deadWatch);
  if (interrupted && savedStep !== step) await save();
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return { step, rows, interrupted, stepMs: median(durationsMs), peakMemoryBytes };
}

type StepMeasurements = Omit<StepRecord, "step" | "rows" | "stepMs">;

interface StepInput {
  readonly batch_BD: Float32Array;
  readonly step: number;
  readonly deadWatch: DeadWatch;
}

/** A step that was handed to the device. */
interface TakenStep {
  readonly step: number;
  readonly learningRate: number;
  /** Total, each loss, what the dead watch measures, gradient norm: read already, or still on the device. */
  readonly measured: readonly number[] | tf.Tensor1D;
}

async function takeStep(input: TrainingInput, { batch_BD, step, deadWatch }: StepInput): Promise<TakenStep> {
  const { tf, model, losses, optimizer, config, onPhase } = input;
  const training = { step, totalSteps: config.steps };
  const acts_BD = tf.tensor2d(batch_BD, [config.batchSize, model.shape.width]);
  onPhase?.("project");
  optimizer.prepare(model.parameters);
  const { deadAfterSteps } = deadWatch;
  const found = attempt(step, () => lossGradients({ tf, model, losses, acts_BD, training, deadAfterSteps, onPhase }));
  const { total, values, nextBuffers } = found;
  const scalars = tf.tidy(
    () => tf.stack<tf.Tensor>([total, ...values, ...deadWatch.measure(tf, nextBuffers)]) as tf.Tensor1D,
  );
  tf.dispose([acts_BD, total, ...values]);
  const clip = input.computesAhead === true ? clipAhead : clipPromptly;
  const { measured, gradients } = await clip(input, { step, scalars, found });
  onPhase?.("update");
  const learningRateMultiplier = input.schedule.multiplier(step, config.steps);
  optimizer.apply(model.parameters, gradients, { learningRateMultiplier, step });
  for (const [name, value] of nextBuffers) model.parameters.get(name).assign(value);
  tf.dispose([...gradients.values(), ...nextBuffers.values()]);
  deadWatch.presume();
  onPhase?.("other");
  return { step, learningRate: optimizer.learningRate * learningRateMultiplier, measured };
}

interface Measuring {
  readonly step: number;
  /** Disposed here. */
  readonly scalars: tf.Tensor1D;
  readonly found: LossGradients;
}

interface Clipped {
  readonly measured: TakenStep["measured"];
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/** Reads the losses and the norm, and ends training before a step that is broken is applied. */
async function clipPromptly(input: TrainingInput, { step, scalars, found }: Measuring): Promise<Clipped> {
  const { tf, kernels, model, optimizer, config, onPhase } = input;
  const losses = await attempt(step, () => scalars.data());
  scalars.dispose();
  onPhase?.("norm");
  const gradients = projectGradients(optimizer, model.parameters, found.gradients);
  const norm = gradientNorm(kernels, gradients);
  const measured = [...losses, norm];
  try {
    checkFinite(input, step, measured);
  } catch (error) {
    tf.dispose([...gradients.values(), ...found.nextBuffers.values()]);
    throw error;
  }
  return { measured, gradients: clipGradients(tf, gradients, { norm, limit: config.gradientClip }) };
}

/** The same without waiting: `settle` reads what was measured. */
function clipAhead(input: TrainingInput, { scalars, found }: Measuring): Promise<Clipped> {
  const { tf, kernels, model, optimizer, config, onPhase } = input;
  onPhase?.("norm");
  const gradients = projectGradients(optimizer, model.parameters, found.gradients);
  const norm = kernels.globalNormScalar([...gradients.values()]);
  const measured = tf.tidy(() => tf.concat<tf.Tensor1D>([scalars, tf.reshape(norm, [1])]));
  const clipped = clipGradientsAhead(tf, gradients, { norm, limit: config.gradientClip });
  tf.dispose([scalars, norm]);
  return Promise.resolve({ measured, gradients: clipped });
}

/** Reads what steps measured, and disposes of it. @returns What the last of them measured. */
async function settle(
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

async function resample(input: TrainingInput, { batch_BD, step, deadWatch }: StepInput): Promise<void> {
  const { tf, model, optimizer, config } = input;
  await resampleDeadFeatures({
    ...{ tf, model, optimizer, batch_BD, deadAfterSteps: deadWatch.window, ...input.rng },
    training: { step: step - 1, totalSteps: config.steps },
  });
  // As a run does that resumes from here: what it is told of dead features must not differ.
  await deadWatch.refresh();
}

/** What the optimizer takes out before clipping; the gradients that it replaces are disposed of. */
function projectGradients(
  optimizer: Optimizer,
  parameters: ParameterSet,
  gradients: ReadonlyMap<string, tf.Tensor>,
): ReadonlyMap<string, tf.Tensor> {
  const projected = optimizer.project?.(parameters, gradients);
  if (projected === undefined) return gradients;
  for (const name of projected.keys()) gradients.get(name)?.dispose();
  return new Map([...gradients, ...projected]);
}

/**
 * A kernel that refuses its input in the middle of training met a number that training broke.
 * @param step Of those that are attempted, the first.
 */
function attempt<T>(step: number, work: () => T): T {
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
function checkFinite({ losses }: TrainingInput, step: number, measured: readonly number[]): void {
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

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
