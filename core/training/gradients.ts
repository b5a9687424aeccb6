/**
 * One evaluation of the losses and their gradients, and the clipping of those.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import type { TrainingMoment } from "../model/contracts.ts";
import { stepsSinceActive } from "../model/feature-activity.ts";
import type { ForwardPass, SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { Loss, LossInput } from "./contracts.ts";
import type { PhaseListener } from "./phases.ts";

/** A loss with the name that logs show. */
export type NamedLoss = readonly [name: string, loss: Loss];

export interface LossGradientsInput {
  readonly tf: typeof tf;
  readonly model: SparseAutoencoder;
  readonly losses: readonly NamedLoss[];
  readonly acts_BD: tf.Tensor2D;
  /** Decides the weights of the losses, and what anneals. */
  readonly training: TrainingMoment;
  /** When features count as dead; losses are told of none where that is undefined: none can be dead yet. */
  readonly deadAfterSteps?: number | undefined;
  /** Told where the forward and where the backward pass begins. */
  readonly onPhase?: PhaseListener | undefined;
}

export interface LossGradients {
  /** Weighted sum. */
  readonly total: tf.Scalar;
  /** Unweighted, in the order of the losses. */
  readonly values: readonly tf.Scalar[];
  /** By parameter name; a parameter that no loss depends on has none. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** What the model's buffers become after this step, by name. */
  readonly nextBuffers: ReadonlyMap<string, tf.Tensor>;
}

/** Everything returned is the caller's to dispose; nothing else stays. */
export function lossGradients(input: LossGradientsInput): LossGradients {
  const { tf, model, losses, acts_BD, training, onPhase } = input;
  const values: tf.Scalar[] = [];
  const nextBuffers = new Map<string, tf.Tensor>();
  const computeTotal = (): tf.Scalar => {
    onPhase?.("forward");
    const pass = model.forward(acts_BD, training);
    const lossInput = lossInputOf(input, pass, (name, value) => nextBuffers.set(name, tf.keep(value)));
    let total: tf.Scalar | undefined;
    for (const [, loss] of losses) {
      const value = loss.compute(lossInput);
      values.push(tf.keep(tf.clone(value)));
      const weighted = tf.mul<tf.Scalar>(value, loss.weight(training.step, training.totalSteps));
      total = total === undefined ? weighted : tf.add<tf.Scalar>(total, weighted);
    }
    onPhase?.("backward");
    return total ?? tf.scalar(0);
  };
  const variables = model.parameters.all.map(({ variable }) => variable);
  const { value: total, grads } = tf.variableGrads(computeTotal, variables);
  const gradients = new Map<string, tf.Tensor>();
  for (const { name, variable } of model.parameters.all) {
    const gradient = grads[variable.name];
    if (gradient !== undefined) gradients.set(name, gradient);
  }
  return { total, values, gradients, nextBuffers };
}

/** @param keep Told of every buffer that changes. */
function lossInputOf(
  { tf, model, training, deadAfterSteps }: LossGradientsInput,
  pass: ForwardPass,
  keep: (name: string, value: tf.Tensor) => void,
): LossInput {
  let since_F: tf.Tensor | undefined;
  for (const [name, value] of model.nextBuffers(pass.code, training)) {
    keep(name, value);
    if (name === stepsSinceActive) since_F = value;
  }
  const isCounted = deadAfterSteps !== undefined && since_F !== undefined;
  return {
    ...pass.normalised,
    routing: pass.routing,
    code: pass.code,
    shape: model.shape,
    decoder_FD: model.parameters.get("decoder") as tf.Tensor as tf.Tensor2D,
    training,
    dead_F: isCounted ? tf.cast(tf.greaterEqual(since_F as tf.Tensor1D, deadAfterSteps), "float32") : undefined,
    decode: (code, options) => model.decode(code, options),
    topKAmong: (k, among_F) => pass.topKAmong(k, among_F),
  };
}

/**
 * PyTorch's clip_grad_norm_: all gradients are scaled by min(1, limit / (norm + 1e-6)).
 * @param norm Global norm of the gradients before clipping.
 * @param limit null: never clip.
 * @returns The gradients themselves where nothing is clipped, else new tensors; the given ones are then disposed.
 */
export function clipGradients(
  tensorflow: typeof tf,
  gradients: ReadonlyMap<string, tf.Tensor>,
  { norm, limit }: { readonly norm: number; readonly limit: number | null },
): ReadonlyMap<string, tf.Tensor> {
  const coefficient = limit === null ? 1 : limit / (norm + 1e-6);
  return coefficient >= 1 ? gradients : scaleGradients(tensorflow, gradients, coefficient);
}

/**
 * What `clipGradients` scales by, on a device that is not waited for; 1 where nothing is to be clipped.
 * @param norm A scalar on the device.
 */
export function clippingScale(
  tensorflow: typeof tf,
  { norm, limit }: { readonly norm: tf.Scalar; readonly limit: number },
): tf.Scalar {
  return tensorflow.tidy(() => tensorflow.minimum<tf.Scalar>(tensorflow.div(limit, tensorflow.add(norm, 1e-6)), 1));
}

/** @returns New tensors; the given ones are disposed. */
export function scaleGradients(
  tensorflow: typeof tf,
  gradients: ReadonlyMap<string, tf.Tensor>,
  scale: tf.Scalar | number,
): ReadonlyMap<string, tf.Tensor> {
  const scaled = new Map<string, tf.Tensor>();
  for (const [name, gradient] of gradients) {
    scaled.set(name, tensorflow.mul(gradient, scale));
    gradient.dispose();
  }
  return scaled;
}

/** Norm over all gradients together. */
export function gradientNorm(kernels: Kernels, gradients: ReadonlyMap<string, tf.Tensor>): number {
  return kernels.globalNorm([...gradients.values()]);
}
