/**
 * Which parameters and buffers a model has, and where they start: the dictionary's, the router's as `router.<name>`,
 * the expert's as `expert.<name>`.
 *
 * Shapes: D width, F features.
 */
import type { ModelConfig } from "../config/config.ts";
import type { ModelShape, ParameterInit } from "./contracts.ts";
import { stepsSinceActive } from "./feature-activity.ts";
import { initialiseDictionary } from "./initialise-dictionary.ts";
import { activationScale } from "./normalise-activations.ts";
import type { Rng } from "./rng.ts";

/** What of a model's config the autoencoder itself reads; router and expert come built. */
export type DictionaryConfig = Pick<
  ModelConfig,
  "encoderBias" | "subtractDecoderBias" | "initialisation" | "decoderNorm" | "decoderBias"
> &
  Partial<Pick<ModelConfig, "normaliseActivations">>;

export type NamedInits = readonly (readonly [name: string, init: ParameterInit])[];

export interface InitialValuesInput {
  readonly shape: ModelShape;
  readonly config: DictionaryConfig;
  readonly rng: Rng;
  /** By their names in checkpoints. */
  readonly router: NamedInits;
  readonly expert: NamedInits;
}

/** In the order in which updates are applied. */
export function initialValues(input: InitialValuesInput): ReadonlyMap<string, ParameterInit> {
  const { shape, config, rng } = input;
  const { features, width } = shape;
  const { initialisation, decoderNorm } = config;
  const stream = rng.stream("dictionary");
  const dictionary = initialiseDictionary({ features, width, initialisation, decoderNorm, stream });
  const inits = new Map<string, ParameterInit>();
  inits.set("encoder", { shape: [features, width], values: dictionary.encoder_FD });
  if (config.encoderBias) inits.set("encoder_bias", { shape: [features], values: new Float32Array(features) });
  inits.set("decoder", { shape: [features, width], values: dictionary.decoder_FD });
  inits.set("decoder_bias", { shape: [width], values: new Float32Array(width) });
  for (const [name, init] of [...input.router, ...input.expert]) inits.set(name, init);
  inits.set(stepsSinceActive, { shape: [features], values: new Float32Array(features), trainable: false });
  if (config.normaliseActivations === "expected-average-norm") {
    inits.set(activationScale, { shape: [], values: Float32Array.of(1), trainable: false });
  }
  return inits;
}

/** Names whose values are one vector: the decoder's bias and what shares it. */
export function sharedGroups(inits: NamedInits): readonly (readonly string[])[] {
  const names = inits.filter(([, init]) => init.decoderBias === "shared").map(([name]) => name);
  return names.length === 0 ? [] : [["decoder_bias", ...names]];
}
