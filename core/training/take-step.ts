/**
 * One step of training: gradients, clipping, update. A device that computes at once is asked for the losses before the
 * update, so that a broken step is never applied; one that computes ahead is handed the whole step.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ParameterSet } from "../model/parameters.ts";
import type { Optimizer } from "./contracts.ts";
import type { DeadWatch } from "./dead-watch.ts";
import { attempt, checkFinite, type TakenStep } from "./read-steps.ts";
import type { TrainingInput } from "./training-input.ts";
import { clipGradients, clippingScale, gradientNorm, lossGradients, scaleGradients } from "./gradients.ts";
import type { LossGradients } from "./gradients.ts";

export interface StepInput {
  readonly batch_BD: Float32Array;
  readonly step: number;
  readonly deadWatch: DeadWatch;
}

/** Hands the step to the device. @throws SwitchyardError LOSS_NOT_FINITE, where the device computes at once */
export async function takeStep(input: TrainingInput, { batch_BD, step, deadWatch }: StepInput): Promise<TakenStep> {
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
  const { measured, gradients, gradientScale } = await clip(input, { step, scalars, found });
  onPhase?.("update");
  const learningRateMultiplier = input.schedule.multiplier(step, config.steps);
  const scale = gradientScale === undefined ? {} : { gradientScale };
  optimizer.apply(model.parameters, gradients, { learningRateMultiplier, step, ...scale });
  gradientScale?.dispose();
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
  /** What is left for the optimizer to do. */
  readonly gradientScale?: tf.Scalar;
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

/** The same without waiting: `readSteps` reads what was measured. */
function clipAhead(input: TrainingInput, { scalars, found }: Measuring): Promise<Clipped> {
  const { tf, kernels, model, optimizer, config, onPhase } = input;
  onPhase?.("norm");
  const gradients = projectGradients(optimizer, model.parameters, found.gradients);
  const norm = kernels.globalNormScalar([...gradients.values()]);
  const measured = tf.tidy(() => tf.concat<tf.Tensor1D>([scalars, tf.reshape(norm, [1])]));
  const limit = config.gradientClip;
  const scale = limit === null ? undefined : clippingScale(tf, { norm, limit });
  tf.dispose([scalars, norm]);
  if (scale === undefined) return Promise.resolve({ measured, gradients });
  if (optimizer.scalesGradients === true) return Promise.resolve({ measured, gradients, gradientScale: scale });
  const scaled = scaleGradients(tf, gradients, scale);
  scale.dispose();
  return Promise.resolve({ measured, gradients: scaled });
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
