/** Builds small models from the same choices that a config makes. */
import type * as tf from "@tensorflow/tfjs";
import type { PluginChoice } from "../../../core/config/config.ts";
import { createSparseAutoencoder } from "../../../core/model/create-sparse-autoencoder.ts";
import type { DictionaryConfig } from "../../../core/model/model-parameters.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import { batchTopK } from "../../../plugins/expert/batch-top-k.ts";
import { gated } from "../../../plugins/expert/gated.ts";
import { jumpRelu } from "../../../plugins/expert/jump-relu.ts";
import { matryoshkaBatchTopK } from "../../../plugins/expert/matryoshka-batch-top-k.ts";
import { relu } from "../../../plugins/expert/relu.ts";
import { topK } from "../../../plugins/expert/top-k.ts";
import { hash } from "../../../plugins/router/hash.ts";
import { noisyTopE } from "../../../plugins/router/noisy-top-e.ts";
import { none } from "../../../plugins/router/none.ts";
import { random } from "../../../plugins/router/random.ts";
import { stochastic } from "../../../plugins/router/stochastic.ts";
import { switch as switchRouter } from "../../../plugins/router/switch.ts";
import { topE } from "../../../plugins/router/top-e.ts";
import { buildPlugin } from "./build-plugin.ts";

export interface ModelChoice {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly width: number;
  readonly features: number;
  readonly router: PluginChoice;
  readonly expert: PluginChoice;
  readonly dictionary?: Partial<DictionaryConfig>;
  readonly seed?: number;
}

const plugins: readonly AnyPlugin[] = [
  ...[none, switchRouter, topE, noisyTopE, stochastic, random, hash],
  ...[topK, relu, gated, jumpRelu, batchTopK, matryoshkaBatchTopK],
];

export function makeModel(choice: ModelChoice): SparseAutoencoder {
  const { tf, kernels, width, features } = choice;
  const rng = createRng(choice.seed ?? 0);
  const router = buildPlugin(find("router", choice.router), choice.router, { tf, rng });
  const expert = buildPlugin(find("expert", choice.expert), choice.expert, { tf });
  return createSparseAutoencoder({
    tf,
    kernels,
    shape: createModelShape({ width, features, router: router.facts }),
    config: {
      encoderBias: false,
      subtractDecoderBias: true,
      initialisation: "uniform",
      decoderNorm: 1,
      decoderBias: "geometric-median",
      ...choice.dictionary,
    },
    router: router.instance,
    expert: expert.instance,
    rng,
  });
}

/** [B, D] standard normal rows, row-major. */
export function normalRows(rows: number, width: number, seed = 0): Float32Array {
  const stream = createRng(seed).stream("rows");
  return Float32Array.from({ length: rows * width }, () => stream.normal());
}

/** Overwrites a parameter; values row-major. */
export function setParameter(
  tensorflow: typeof tf,
  model: SparseAutoencoder,
  name: string,
  values: ArrayLike<number>,
): void {
  const variable = model.parameters.get(name);
  tensorflow.tidy(() => {
    variable.assign(tensorflow.tensor(Float32Array.from(values), variable.shape));
  });
}

function find<K extends "router" | "expert">(kind: K, { type }: PluginChoice): AnyPlugin & { readonly kind: K } {
  const plugin = plugins.find((candidate) => candidate.kind === kind && candidate.name === type);
  if (plugin === undefined) throw new Error(`no ${kind} ${type}`);
  return plugin as AnyPlugin & { readonly kind: K };
}
