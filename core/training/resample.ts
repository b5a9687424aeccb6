/**
 * Gives dead features a new start at what the model reconstructs worst.
 *
 *   p_b       ~ (||x_b - x'_b||^2)^2 over the rows of the step's batch that saw the feature's expert (all, if none did)
 *   u         = (x_b - b_dec) / ||x_b - b_dec||          for a row b drawn for every dead feature, with replacement
 *   decoder   <- u,   encoder <- 0.2 * (mean norm of living encoder rows) * u,   encoder bias <- 0,   Adam's moments <- 0
 *
 * An expert's own numbers for the feature (a gate's bias, a threshold) start anew too: they may be what keeps it silent.
 * Drawn from the run's seed and the step, so a resumed run draws the same.
 * NOTE(deviation): a feature of a Switch SAE starts at a row of its own expert; any other row it would never see.
 *
 * Shapes: B rows, D width, F features, M = F/E features an expert, R experts a row.
 * @see Bricken et al. 2023 (Towards Monosemanticity), appendix "Neuron resampling"
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import type { TrainingConfig } from "../config/config.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { TrainingMoment } from "../model/contracts.ts";
import { overwrite } from "../model/create-parameters.ts";
import { stepsSinceActive } from "../model/feature-activity.ts";
import { createRng } from "../model/rng.ts";
import type { RandomStream } from "../model/rng.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { Optimizer } from "./contracts.ts";

const encoderScale = 0.2;

export interface ResampleInput {
  readonly tf: typeof tf;
  readonly model: SparseAutoencoder;
  readonly optimizer: Optimizer;
  /** Row-major [B, D]: the batch of the step. */
  readonly batch_BD: Float32Array;
  readonly deadAfterSteps: number;
  readonly training: TrainingMoment;
  readonly seed: number;
}

/** @param finished Steps done. Nothing is resampled without `resampleEvery`. */
export function isResampledAfter(
  {
    steps,
    resampleEvery = null,
    resampleUntil = 1,
  }: Pick<TrainingConfig, "steps"> & Partial<Pick<TrainingConfig, "resampleEvery" | "resampleUntil">>,
  finished: number,
): boolean {
  return resampleEvery !== null && finished % resampleEvery === 0 && finished <= resampleUntil * steps;
}

/**
 * @returns The features that were given a new start.
 * @throws SwitchyardError OPTIMIZER_CANNOT_FORGET when the optimizer has no `forget`
 */
export async function resampleDeadFeatures(input: ResampleInput): Promise<readonly number[]> {
  const { tf: tensorflow, model, optimizer, deadAfterSteps } = input;
  if (optimizer.forget === undefined) throw cannotForget();
  const { features } = model.shape;
  const since_F = await model.parameters.get(stepsSinceActive).data<"float32">();
  const dead = Array.from(since_F.keys()).filter((feature) => since_F[feature]! >= deadAfterSteps);
  if (dead.length === 0) return dead;
  const starts = await drawStarts(input, dead);
  const isDead_F = new Float32Array(features);
  for (const feature of dead) isDead_F[feature] = 1;
  const encoderNorm = encoderScale * (await meanLivingNorm(model, isDead_F));
  await replaceRows(input, "decoder", dead, (at) => starts[at]!);
  await replaceRows(input, "encoder", dead, (at) => starts[at]!.map((value) => value * encoderNorm));
  if (model.parameters.has("encoder_bias")) await replaceRows(input, "encoder_bias", dead, () => Float32Array.of(0));
  for (const [name, start] of model.expertStarts) {
    const length = start.length / features;
    await replaceRows(input, name, dead, (at) => start.subarray(dead[at]! * length, (dead[at]! + 1) * length));
  }
  await replaceRows(input, stepsSinceActive, dead, () => Float32Array.of(0));
  const forgotten_F = tensorflow.tensor1d(isDead_F);
  optimizer.forget(forgotten_F);
  forgotten_F.dispose();
  return dead;
}

/** A unit vector for every dead feature. */
async function drawStarts(input: ResampleInput, dead: readonly number[]): Promise<readonly Float32Array[]> {
  const { tf: tensorflow, model, batch_BD, training, seed } = input;
  const { width, featuresPerExpert } = model.shape;
  const numRows = batch_BD.length / width;
  const [weights, experts, centred] = tensorflow.tidy(() => {
    const { normalised, routing } = model.forward(tensorflow.tensor2d(batch_BD.slice(), [numRows, width]));
    const { acts_BD, reconstruction_BD } = normalised;
    const errors_B = tensorflow.sum(tensorflow.square(tensorflow.sub(acts_BD, reconstruction_BD)), 1);
    const centred_BD = tensorflow.sub(acts_BD, model.parameters.get("decoder_bias"));
    return [tensorflow.square(errors_B), routing.expertIndices_BR, centred_BD];
  });
  const [weights_B, experts_BR, centred_BD] = await Promise.all([
    weights.data<"float32">(),
    experts.data<"int32">(),
    centred.data<"float32">(),
  ]);
  tensorflow.dispose([weights, experts, centred]);
  const slots = experts_BR.length / numRows;
  const stream = createRng(seed).stream(`resample ${training.step}`);
  return dead.map((feature) => {
    const expert = Math.floor(feature / featuresPerExpert);
    const all = Array.from(weights_B.keys());
    const own = all.filter((row) => experts_BR.subarray(row * slots, (row + 1) * slots).includes(expert));
    const row = drawRow(own.length > 0 ? own : all, weights_B, stream);
    return unit(centred_BD.subarray(row * width, (row + 1) * width));
  });
}

/** One of the rows, in proportion to its weight; evenly where all weights are 0. */
function drawRow(rows: readonly number[], weights_B: Float32Array, stream: RandomStream): number {
  const total = rows.reduce((sum, row) => sum + weights_B[row]!, 0);
  if (total === 0) return rows[stream.integer(rows.length)]!;
  let left = stream.uniform() * total;
  for (const row of rows) {
    left -= weights_B[row]!;
    if (left < 0) return row;
  }
  return rows.at(-1)!;
}

/** A zero vector has no direction: the first axis stands in. */
function unit(row_D: Float32Array): Float32Array {
  const length = Math.sqrt(row_D.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? row_D.map((_value, d) => (d === 0 ? 1 : 0)) : row_D.map((value) => value / length);
}

/** 1 where no feature lives. */
async function meanLivingNorm({ parameters, shape }: SparseAutoencoder, isDead_F: Float32Array): Promise<number> {
  const encoder_FD = await parameters.get("encoder").data<"float32">();
  let sum = 0;
  let count = 0;
  for (let feature = 0; feature < shape.features; feature++) {
    if (isDead_F[feature] === 1) continue;
    const row_D = encoder_FD.subarray(feature * shape.width, (feature + 1) * shape.width);
    sum += Math.sqrt(row_D.reduce((squares, value) => squares + value * value, 0));
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}

/** Overwrites rows (along the first axis) of a parameter or buffer. @param valuesAt Of the dead feature at a place. */
async function replaceRows(
  { tf: tensorflow, model }: ResampleInput,
  name: string,
  dead: readonly number[],
  valuesAt: (place: number) => Float32Array,
): Promise<void> {
  const variable = model.parameters.get(name);
  const next = (await variable.data<"float32">()).slice();
  const length = next.length / model.shape.features;
  for (const [place, feature] of dead.entries()) next.set(valuesAt(place), feature * length);
  const tensor = tensorflow.tensor(next, variable.shape);
  overwrite(tensorflow, variable, tensor);
  tensor.dispose();
}

function cannotForget(): SwitchyardError {
  return new SwitchyardError("OPTIMIZER_CANNOT_FORGET", "The optimizer cannot forget features that are resampled.", {
    where: "training.resampleEvery",
    expected: "an optimizer with `forget`, such as adam",
    received: "one without",
    next: "use adam, add `forget` to the optimizer, or set training.resampleEvery to null",
  });
}
