/**
 * The training loop.
 *
 *   step 0         decoder bias from the first batch
 *   each step      project parameters; losses and gradients; global norm; clip; update; buffers; resampling
 *
 * That is the reference's order: clipping comes before the optimizer's own projection of gradients. The loop writes no
 * files and knows no device: checkpoints and log lines leave it through callbacks. It lets the event loop turn once a
 * step, so that signals are seen.
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
import { clipGradients, gradientNorm, lossGradients } from "./training-step.ts";
import type { LossGradients, LossGradientsInput, NamedLoss } from "./training-step.ts";

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

/**
 * Trains until `config.steps` steps are done. The optimizer's state is allocated here and is the caller's to dispose.
 * @throws SwitchyardError LOSS_NOT_FINITE (the step is not applied), OPTIMIZER_STATE_MISMATCH
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
    const measured = await takeStep(input, { batch_BD, step, deadWatch });
    const stepMs = performance.now() - started;
    durationsMs.push(stepMs);
    step += 1;
    rows += config.batchSize;
    const isLast = step === config.steps;
    if (isLast || step % config.logEvery === 0) await input.onStep?.({ step, rows, ...measured, stepMs });
    if (input.onStepEnd !== undefined) {
      input.onPhase?.("checkpoint");
      await input.onStepEnd(step);
      input.onPhase?.("other");
    }
    if (isLast || step % config.checkpointEvery === 0) await save();
    await setImmediate();
  }
  const interrupted = step < config.steps;
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

async function takeStep(input: TrainingInput, { batch_BD, step, deadWatch }: StepInput): Promise<StepMeasurements> {
  const { tf, kernels, model, losses, optimizer, config, onPhase } = input;
  const training = { step, totalSteps: config.steps };
  const acts_BD = tf.tensor2d(batch_BD, [config.batchSize, model.shape.width]);
  onPhase?.("project");
  optimizer.prepare(model.parameters);
  const { deadAfterSteps } = deadWatch;
  const found = attemptGradients({ tf, model, losses, acts_BD, training, deadAfterSteps, onPhase });
  const { total, values, nextBuffers } = found;
  const scalars = tf.tidy(() => tf.stack([total, ...values, ...deadWatch.measure(tf, nextBuffers)]));
  const [loss = Number.NaN, ...others] = await scalars.data();
  const unweighted = others.slice(0, values.length);
  onPhase?.("norm");
  const gradients = projectGradients(optimizer, model.parameters, found.gradients);
  const norm = gradientNorm(kernels, gradients);
  tf.dispose([acts_BD, total, ...values, scalars]);
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    tf.dispose([...gradients.values(), ...nextBuffers.values()]);
    throw notFinite(step, losses, { loss, unweighted, norm });
  }
  const deadFeatures = deadWatch.note(others.slice(values.length));
  const clipped = clipGradients(tf, gradients, { norm, limit: config.gradientClip });
  onPhase?.("update");
  const learningRateMultiplier = input.schedule.multiplier(step, config.steps);
  optimizer.apply(model.parameters, clipped, { learningRateMultiplier, step });
  for (const [name, value] of nextBuffers) model.parameters.get(name).assign(value);
  tf.dispose([...clipped.values(), ...nextBuffers.values()]);
  if (isResampledAfter(config, step + 1) && deadFeatures > 0) {
    await resampleDeadFeatures({
      tf,
      model,
      optimizer,
      batch_BD,
      deadAfterSteps: deadWatch.window,
      training,
      ...input.rng,
    });
    // As a run does that resumes from here: what it is told of dead features must not differ.
    await deadWatch.refresh();
  }
  onPhase?.("other");
  return {
    loss,
    losses: Object.fromEntries(losses.map(([name], i) => [name, unweighted[i] ?? Number.NaN])),
    learningRate: optimizer.learningRate * learningRateMultiplier,
    gradientNorm: norm,
    deadFeatures,
  };
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

/** A kernel that refuses its input in the middle of training met a number that training broke. */
function attemptGradients(input: LossGradientsInput): LossGradients {
  const { step } = input.training;
  try {
    return lossGradients(input);
  } catch (error) {
    const isValue = error instanceof KernelError && /^KERNEL_(VALUE|INDEX)_RANGE$/.test(error.code);
    if (!isValue) throw error;
    throw new SwitchyardError("LOSS_NOT_FINITE", `Training broke down in step ${step + 1}.`, {
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
