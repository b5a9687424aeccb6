/**
 * Builds a sparse autoencoder without a config, from a router and an expert: what `model:` of a config does.
 *
 * Shapes: D width, F features.
 */
import { Value } from "typebox/value";
import { runSchema } from "../config/core-schema.ts";
import type { ExpertFacts } from "../model/contracts.ts";
import { createSparseAutoencoder } from "../model/create-sparse-autoencoder.ts";
import type { DictionaryConfig } from "../model/model-parameters.ts";
import { createModelShape } from "../model/model-shape.ts";
import { createRng } from "../model/rng.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { AnyPlugin } from "../plugin/define-plugin.ts";
import type { PluginKind } from "../plugin/kinds.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { buildPlugin } from "./build-plugin.ts";

/** A plugin with its options, as a config's `{ type, ... }`. */
export interface PluginUse<K extends PluginKind> {
  readonly plugin: AnyPlugin & { readonly kind: K };
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ModelChoices {
  readonly device: Device;
  /** D */
  readonly width: number;
  /** F, over all experts */
  readonly features: number;
  readonly router: PluginUse<"router">;
  readonly expert: PluginUse<"expert">;
  /** The keys of a config's `model` beside these; those left out take the config's defaults. */
  readonly dictionary?: Partial<DictionaryConfig>;
  /** Default 0. */
  readonly seed?: number;
}

export interface BuiltModel {
  readonly model: SparseAutoencoder;
  readonly expertFacts: ExpertFacts;
  /** Frees the parameters and what the plugins took. */
  readonly dispose: () => Promise<void>;
}

/**
 * @throws SwitchyardError FEATURES_NOT_DIVISIBLE, SELECTED_EXPERTS_TOO_LARGE, and as `buildPlugin`.
 * @example
 * const { model } = await buildModel({
 *   device, width: 768, features: 24576,
 *   router: { plugin: switchRouter, options: { experts: 16 } },
 *   expert: { plugin: topK, options: { k: 64 } },
 * });
 */
export async function buildModel(choices: ModelChoices): Promise<BuiltModel> {
  const { device, width, features, seed = 0 } = choices;
  const router = await buildPlugin(choices.router.plugin, choices.router.options, { device, seed });
  const shape = createModelShape({ width, features, router: router.facts });
  const expert = await buildPlugin(choices.expert.plugin, choices.expert.options, { device, seed, shape });
  const model = createSparseAutoencoder({
    tf: device.tf,
    kernels: device.kernels,
    shape,
    config: { ...defaultDictionary(), ...choices.dictionary },
    router: router.instance,
    expert: expert.instance,
    rng: createRng(seed),
  });
  return {
    model,
    expertFacts: expert.facts,
    dispose: async () => {
      model.parameters.dispose();
      await expert.dispose();
      await router.dispose();
    },
  };
}

function defaultDictionary(): DictionaryConfig {
  // What the schema of a config says of a model of which nothing is given.
  return Value.Default(runSchema.properties.model, {}) as DictionaryConfig;
}
