/**
 * The training loop.
 *
 *   step 0         decoder bias from the first batch
 *   each step      project parameters; losses and gradients; global norm; clip; update
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
import { restoreOptimizer, restoreParameters } from "./checkpoint.ts";
import type { Checkpoint, TrainingState } from "./checkpoint.ts";
import type { Optimizer, Schedule, StepRecord } from "./contracts.ts";
import type { PhaseListener } from "./phases.ts";
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
  readonly config: Pick<TrainingConfig, "steps" | "batchSize" | "gradientClip" | "checkpointEvery" | "logEvery">;
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
    if (step === 0) model.initialiseDecoderBias(batch_BD);
    const measured = await takeStep(input, batch_BD, step);
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

type StepMeasurements = Pick<StepRecord, "loss" | "losses" | "learningRate" | "gradientNorm">;

async function takeStep(input: TrainingInput, batch_BD: Float32Array, step: number): Promise<StepMeasurements> {
  const { tf, kernels, model, losses, optimizer, config, onPhase } = input;
  const acts_BD = tf.tensor2d(batch_BD, [config.batchSize, model.shape.width]);
  onPhase?.("project");
  optimizer.prepare(model.parameters);
  const { total, values, gradients } = attemptGradients({ tf, model, losses, acts_BD, step, onPhase });
  const scalars = tf.stack([total, ...values]);
  const [loss = Number.NaN, ...unweighted] = await scalars.data();
  onPhase?.("norm");
  const norm = gradientNorm(kernels, gradients);
  tf.dispose([acts_BD, total, ...values, scalars]);
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    tf.dispose([...gradients.values()]);
    throw notFinite(step, losses, { loss, unweighted, norm });
  }
  const clipped = clipGradients(tf, gradients, { norm, limit: config.gradientClip });
  onPhase?.("update");
  const learningRateMultiplier = input.schedule.multiplier(step, config.steps);
  optimizer.apply(model.parameters, clipped, { learningRateMultiplier, step });
  onPhase?.("other");
  tf.dispose([...clipped.values()]);
  return {
    loss,
    losses: Object.fromEntries(losses.map(([name], i) => [name, unweighted[i] ?? Number.NaN])),
    learningRate: optimizer.learningRate * learningRateMultiplier,
    gradientNorm: norm,
  };
}

/** A kernel that refuses its input in the middle of training met a number that training broke. */
function attemptGradients(input: LossGradientsInput): LossGradients {
  try {
    return lossGradients(input);
  } catch (error) {
    const isValue = error instanceof KernelError && /^KERNEL_(VALUE|INDEX)_RANGE$/.test(error.code);
    if (!isValue) throw error;
    throw new SwitchyardError("LOSS_NOT_FINITE", `Training broke down in step ${input.step + 1}.`, {
      where: `step ${input.step + 1}, ${error.where ?? "a kernel"}`,
      expected: error.expected ?? "finite values",
      received: error.received ?? "others",
      next:
        input.step === 0
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
