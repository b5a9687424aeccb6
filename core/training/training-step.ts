/**
 * One evaluation of the losses and their gradients, and the clipping of those.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { Loss } from "./contracts.ts";
import type { PhaseListener } from "./phases.ts";

/** A loss with the name that logs show. */
export type NamedLoss = readonly [name: string, loss: Loss];

export interface LossGradientsInput {
  readonly tf: typeof tf;
  readonly model: SparseAutoencoder;
  readonly losses: readonly NamedLoss[];
  readonly acts_BD: tf.Tensor2D;
  /** Counted from 0; decides the weights of the losses. */
  readonly step: number;
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
}

/** Everything returned is the caller's to dispose; nothing else stays. */
export function lossGradients({ tf, model, losses, acts_BD, step, onPhase }: LossGradientsInput): LossGradients {
  const values: tf.Scalar[] = [];
  const computeTotal = (): tf.Scalar => {
    onPhase?.("forward");
    const { routing, code, reconstruction_BD } = model.forward(acts_BD);
    const decoder_FD = model.parameters.get("decoder") as tf.Tensor as tf.Tensor2D;
    const input = { acts_BD, reconstruction_BD, code, routing, shape: model.shape, decoder_FD };
    let total: tf.Scalar | undefined;
    for (const [, loss] of losses) {
      const value = loss.compute(input);
      values.push(tf.keep(tf.clone(value)));
      const weighted = tf.mul<tf.Scalar>(value, loss.weight(step));
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
  return { total, values, gradients };
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
  if (coefficient >= 1) return gradients;
  const clipped = new Map<string, tf.Tensor>();
  for (const [name, gradient] of gradients) {
    clipped.set(name, tensorflow.mul(gradient, coefficient));
    gradient.dispose();
  }
  return clipped;
}

/** Norm over all gradients together. */
export function gradientNorm(kernels: Kernels, gradients: ReadonlyMap<string, tf.Tensor>): number {
  return kernels.globalNorm([...gradients.values()]);
}
