/**
 * Adam, with the decoder's rows held at norm 1 as the reference implementation does.
 *
 *   before the forward pass   decoder rows /= their norms
 *   before the update         decoder gradient -= its component along each row
 *   update                    m <- b1 m + (1 - b1) g
 *                             v <- b2 v + (1 - b2) g^2
 *                             w <- w - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
 *
 * That is the order of the paper's code; the saved decoder is the one after the last update, not renormalised.
 * dictionary_learning projects before it clips, and renormalises after the update: `projection: before-clipping`,
 * `renormalisation: after-update`.
 *
 * Symbols: w a parameter, g its clipped gradient, m and v its moments, zeros at first; t the step counted from 1; lr
 * `learningRate` times the schedule's multiplier; b1, b2, eps the options beta1, beta2, epsilon (where PyTorch has it).
 * @see Kingma and Ba 2015 (arXiv 1412.6980); amudide/switch_sae trainers/switch.py (update); docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { overwrite, propagateShared } from "../../core/model/create-parameters.ts";
import type { ParameterSet } from "../../core/model/parameters.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, tensorFlowRef } from "../../core/services.ts";
import type { Optimizer } from "../../core/training/contracts.ts";
import type { Kernels } from "../../kernels/kernels.ts";

interface Moments {
  readonly first: tensorflow.Variable;
  readonly second: tensorflow.Variable;
}

/** Parameters of the dictionary with one row, or number, a feature. */
const dictionaryRows: ReadonlySet<string> = new Set(["encoder", "encoder_bias", "decoder"]);

export const adam = definePlugin({
  kind: "optimizer",
  name: "adam",
  version: "1",
  summary: "Adam; keeps decoder rows at unit norm unless told not to.",
  paper: "Kingma and Ba 2015 (arXiv 1412.6980)",
  options: Type.Object({
    learningRate: Type.Number({
      exclusiveMinimum: 0,
      default: 2e-4,
      description: "Step size before the schedule. The paper uses 2e-4 / sqrt(features / 16384).",
    }),
    beta1: Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.9, description: "Decay of the mean gradient." }),
    beta2: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.999,
      description: "Decay of the mean squared gradient.",
    }),
    epsilon: Type.Number({
      exclusiveMinimum: 0,
      default: 1e-8,
      description: "Added to the root of the second moment.",
    }),
    decoderNorm: Type.Enum(["unit", "free"], {
      default: "unit",
      description:
        "unit: decoder rows are renormalised at each step and move only across their direction. free: neither.",
    }),
    projection: Type.Enum(["after-clipping", "before-clipping"], {
      default: "after-clipping",
      description:
        "When the decoder's gradient loses its part along each row: after gradients are clipped (the paper's code), or " +
        "before, so that what is taken out does not count in their norm (dictionary_learning).",
      "x-hash": "unless-default",
    }),
    renormalisation: Type.Enum(["before-forward", "after-update"], {
      default: "before-forward",
      description:
        "When decoder rows are renormalised: before the next forward pass (the paper's code), or at once after the " +
        "update, so that the saved decoder has unit rows (dictionary_learning).",
      "x-hash": "unless-default",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef },
  create: (options, { tf, kernels }): Optimizer => {
    const { learningRate, beta1, beta2, epsilon } = options;
    const isUnit = options.decoderNorm === "unit";
    const isProjectedFirst = isUnit && options.projection === "before-clipping";
    const isNormalisedAfter = isUnit && options.renormalisation === "after-update";
    const moments = new Map<string, Moments>();
    const state = (): Map<string, tensorflow.Variable> => {
      const named = new Map<string, tensorflow.Variable>();
      for (const [name, { first, second }] of moments) named.set(`${name}.first`, first).set(`${name}.second`, second);
      return named;
    };
    return {
      learningRate,
      initialise: (parameters) => {
        for (const { name, variable } of parameters.all) {
          moments.set(name, { first: zeros(tf, variable.shape), second: zeros(tf, variable.shape) });
        }
      },
      prepare: (parameters) => {
        if (isUnit && !isNormalisedAfter) kernels.normaliseRows(parameters.get("decoder"));
      },
      ...(isProjectedFirst
        ? { project: (parameters, gradients) => projectDecoder(kernels, parameters, gradients) }
        : {}),
      scalesGradients: true,
      apply: (parameters, gradients, { learningRateMultiplier, step, gradientScale }) => {
        const hyperparameters = {
          learningRate: learningRate * learningRateMultiplier,
          beta1,
          beta2,
          epsilon,
          step: step + 1,
          ...(gradientScale === undefined ? {} : { gradientScale }),
        };
        for (const { name, variable } of parameters.all) {
          const gradient = gradients.get(name);
          const own = moments.get(name);
          if (gradient === undefined || own === undefined) continue;
          const acrossRows = isUnit && !isProjectedFirst && name === "decoder";
          kernels.adamStep(variable, gradient, own, { ...hyperparameters, acrossRows });
          propagateShared(tf, parameters, name);
        }
        if (isNormalisedAfter) kernels.normaliseRows(parameters.get("decoder"));
      },
      forget: (forgotten_F) => {
        for (const [name, { first, second }] of moments) {
          if (!hasRowsOfFeatures(name, first, forgotten_F.size)) continue;
          for (const moment of [first, second]) clearRows(tf, moment, forgotten_F);
        }
      },
      state,
      restore: (stored) => {
        const own = state();
        checkState(own, stored);
        for (const [name, variable] of own) {
          const value = stored.get(name);
          if (value !== undefined) overwrite(tf, variable, value);
        }
      },
      dispose: () => {
        for (const variable of state().values()) variable.dispose();
        moments.clear();
      },
    };
  },
});

/** The decoder's gradient without its part along each row. */
function projectDecoder(
  kernels: Kernels,
  parameters: ParameterSet,
  gradients: ReadonlyMap<string, tensorflow.Tensor>,
): ReadonlyMap<string, tensorflow.Tensor> {
  const gradient_FD = gradients.get("decoder");
  if (gradient_FD === undefined) return new Map();
  const decoder_FD = parameters.get("decoder") as tensorflow.Tensor as tensorflow.Tensor2D;
  return new Map([["decoder", kernels.removeParallelComponent(gradient_FD as tensorflow.Tensor2D, decoder_FD)]]);
}

/** Routers have parameters of that length too where there are as many experts as features; those are not of features. */
function hasRowsOfFeatures(name: string, { shape }: tensorflow.Tensor, features: number): boolean {
  return (dictionaryRows.has(name) || name.startsWith("expert.")) && shape[0] === features;
}

/** Zeros in the rows along the first axis that are marked by 1. */
function clearRows(tf: typeof tensorflow, variable: tensorflow.Variable, forgotten_F: tensorflow.Tensor1D): void {
  tf.tidy(() => {
    const kept = tf.reshape(tf.sub(1, forgotten_F), [-1, ...variable.shape.slice(1).map(() => 1)]);
    overwrite(tf, variable, tf.mul(variable, kept));
  });
}

function zeros(tf: typeof tensorflow, shape: readonly number[]): tensorflow.Variable {
  return tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
}

type TensorMap = ReadonlyMap<string, tensorflow.Tensor>;

function checkState(own: TensorMap, stored: TensorMap): void {
  const described = (tensors: TensorMap): string[] =>
    [...tensors].map(([name, tensor]) => `${name} [${tensor.shape.join(", ")}]`);
  const expected = described(own);
  const received = new Set(described(stored));
  const missing = expected.filter((entry) => !received.delete(entry));
  if (missing.length === 0 && received.size === 0) return;
  throw new SwitchyardError(
    "OPTIMIZER_STATE_MISMATCH",
    "The stored optimizer state is not that of adam for these parameters.",
    {
      where: "optimizer adam",
      expected: missing.length === 0 ? "nothing else" : `also ${missing.join(", ")}`,
      received: received.size === 0 ? "nothing of the kind" : `also ${[...received].join(", ")}`,
      next: "resume with the optimizer and the model that wrote the checkpoint",
    },
  );
}
