/**
 * A sparse autoencoder between formats: its parameters under our names and in our orientation, and the part of a config
 * that says what to do with them. Readers of every format make one, writers take one.
 *
 * Shapes: D width, F features, E experts. Parameters: `encoder` [F, D], `encoder_bias` [F], `decoder` [F, D],
 * `decoder_bias` [D], `router.<name>`, `expert.<name>`, and `activation_scale` [] where inputs are scaled by a number.
 */
import type { PluginChoice } from "../config/config.ts";

/** Formats that are read, in the order in which they are tried. */
export const importFormats = [
  "switchyard",
  "saelens",
  "sparsify",
  "openai",
  "switch-sae",
  "dictionary-learning",
] as const;

export type ImportFormat = (typeof importFormats)[number];

/** Formats that are written. */
export const exportFormats = ["saelens", "switch-sae", "switchyard"] as const;

export type ExportFormat = (typeof exportFormats)[number];

export interface SaeTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

export type SaeParameters = ReadonlyMap<string, SaeTensor>;

/** The keys of `model` in a config that decide what the parameters compute. */
export interface SaeModel {
  /** F */
  readonly features: number;
  readonly router: PluginChoice;
  readonly expert: PluginChoice;
  readonly encoderBias: boolean;
  readonly subtractDecoderBias: boolean;
  readonly normaliseActivations: "none" | "expected-average-norm" | "layer-norm";
}

export interface ForeignSae {
  /** What the library calls it: "jumprelu", "SwitchAutoEncoder". */
  readonly architecture: string;
  /** D */
  readonly width: number;
  readonly model: SaeModel;
  readonly parameters: SaeParameters;
  /** What was changed or left out on the way, a sentence each. */
  readonly notes: readonly string[];
}

/** A sparse autoencoder with where it came from. */
export interface ReadSae extends ForeignSae {
  readonly format: ImportFormat;
  /** Absolute paths of the files that were read: weights, then configs. */
  readonly files: readonly string[];
}

export const noRouter: PluginChoice = { type: "none" };
