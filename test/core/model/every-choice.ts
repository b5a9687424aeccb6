/** Every router and every expert of this repository, small, for properties that hold for all of them. */
import type { PluginChoice } from "../../../core/config/config.ts";
import type { TrainingMoment } from "../../../core/model/contracts.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { createRng } from "../../../core/model/rng.ts";
import { makeModel, setParameter, type ModelChoice } from "./make-model.ts";

export const width = 8;
export const features = 32;
export const moment: TrainingMoment = { step: 3, totalSteps: 10 };

/** Four experts in each but the first. */
export const routers: Readonly<Record<string, PluginChoice>> = {
  none: { type: "none" },
  switch: { type: "switch", experts: 4 },
  "switch heaviside": { type: "switch", experts: 4, gate: "heaviside" },
  "switch separate": { type: "switch", experts: 4, bias: "separate" },
  "switch shared": { type: "switch", experts: 4, shared: 1 },
  "top-1": { type: "top-e", experts: 4, e: 1, gate: "softmax-all" },
  "top-2": { type: "top-e", experts: 4, e: 2 },
  "top-2 linear": { type: "top-e", experts: 4, e: 2, scores: "linear", gate: "softmax-all" },
  "top-2 heaviside": { type: "top-e", experts: 4, e: 2, gate: "heaviside" },
  "top-4 of 4": { type: "top-e", experts: 4, e: 4 },
  "top-2 shared": { type: "top-e", experts: 4, e: 2, shared: 1, bias: "none" },
  "noisy top-2": { type: "noisy-top-e", experts: 4, e: 2 },
  "noisy top-1": { type: "noisy-top-e", experts: 4, e: 1, gate: "softmax-all" },
  stochastic: { type: "stochastic", experts: 4 },
  "stochastic heaviside": { type: "stochastic", experts: 4, gate: "heaviside" },
  random: { type: "random", experts: 4 },
  hash: { type: "hash", experts: 4 },
};

export const experts: Readonly<Record<string, PluginChoice>> = {
  "top-k": { type: "top-k", k: 4 },
  relu: { type: "relu" },
  gated: { type: "gated" },
  "jump-relu": { type: "jump-relu" },
  "batch-top-k": { type: "batch-top-k", k: 3 },
  "matryoshka-batch-top-k": { type: "matryoshka-batch-top-k", k: 3, groups: [0.25, 0.75] },
};

/** All of its parameters moved off their start, where zeros would hide what depends on them; seed 0. */
export function makeStirred(choice: Omit<ModelChoice, "width" | "features">): SparseAutoencoder {
  const encoderBias = choice.expert.type !== "gated";
  const model = makeModel({ ...choice, width, features, dictionary: { encoderBias, ...choice.dictionary } });
  const stream = createRng(21).stream("stir");
  for (const { name, variable } of model.parameters.all) {
    const moved = variable.dataSync<"float32">().map((value) => value + 0.2 * stream.normal());
    setParameter(choice.tf, model, name, name === "expert.threshold" ? moved.map(Math.abs) : moved);
  }
  return model;
}

/** Values of all parameters and buffers, by name. */
export function valuesOf(model: SparseAutoencoder): Record<string, Float64Array> {
  const { all, buffers } = model.parameters;
  return Object.fromEntries(
    [...all, ...buffers].map(({ name, variable }) => [name, Float64Array.from(variable.dataSync<"float32">())]),
  );
}
