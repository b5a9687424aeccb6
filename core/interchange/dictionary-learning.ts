/**
 * dictionary_learning: `ae.pt` (a state dict, or a backup `{step, ae, optimizer, config, norm_factor}`) with config.json
 * beside it, or one folder above for checkpoints/ae_<step>.pt. Which class it is shows in the names of the tensors:
 *
 *   AutoEncoder             bias [D], encoder.weight [F, D], encoder.bias [F], decoder.weight [D, F]
 *   AutoEncoderNew          encoder.*, decoder.weight, decoder.bias [D]; nothing is subtracted from the input
 *   GatedAutoEncoder        decoder_bias [D], encoder.weight, r_mag, gate_bias, mag_bias [F], decoder.weight
 *   AutoEncoderTopK         encoder.*, decoder.weight (switch_sae: decoder [F, D]), b_dec [D], k []
 *   BatchTopKSAE            the same and threshold []
 *   JumpReluAutoEncoder     W_enc [D, F], b_enc, W_dec [F, D], b_dec, threshold [F]; nothing is subtracted
 *   MatryoshkaBatchTopKSAE  W_enc, b_enc, W_dec, b_dec, k, threshold [], group_sizes [G]
 *
 * Biases are in the activations' own units (`scale_biases`) except in backups, whose `norm_factor` divides the input.
 * Shapes: D width, F features, G groups.
 * @see saprmarks/dictionary_learning dictionary.py, trainers/, training.py
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PluginChoice } from "../config/config.ts";
import { ForeignConfig, readForeignConfig } from "./foreign-config.ts";
import { noRouter } from "./foreign-sae.ts";
import type { ForeignSae, SaeModel, SaeTensor } from "./foreign-sae.ts";
import type { ForeignTensors } from "./foreign-tensors.ts";
import { foldScale } from "./fold.ts";
import type { TorchDict } from "./torch-dict.ts";

const configName = "config.json";

/** @param dict Of `file`. @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FOREIGN_UNSUPPORTED, FILE_UNREADABLE */
export async function readDictionaryLearning(file: string, dict: TorchDict): Promise<ForeignSae> {
  const config = await trainerConfig(file, dict);
  return inRawUnits(classOf(dict.tensors, config), dict);
}

/** The config.json that belongs to a file of weights: beside it, or above a folder of checkpoints. */
export function findTrainerConfig(file: string): string | undefined {
  return [dirname(file), dirname(dirname(file))].map((folder) => join(folder, configName)).find(existsSync);
}

/** `trainer` of config.json; the config inside a backup where there is no file. */
export async function trainerConfig(file: string, { values }: TorchDict): Promise<ForeignConfig> {
  const found = findTrainerConfig(file);
  if (found !== undefined) return trainerOf(await readForeignConfig(found));
  if (values.has("config")) return values.inner("config");
  return new ForeignConfig(join(dirname(file), configName), {});
}

/** Files written by hand may leave the level `trainer` out. */
export function trainerOf(config: ForeignConfig): ForeignConfig {
  return config.has("trainer") ? config.inner("trainer") : config;
}

interface Class {
  readonly name: string;
  readonly expert: PluginChoice;
  readonly subtractDecoderBias: boolean;
  /** Name of the decoder's bias in the file. */
  readonly bias: string;
  /** Names of the parameters that one feature has one of: ours -> theirs. */
  readonly perFeature: Readonly<Record<string, string>>;
  readonly threshold?: number;
}

function classOf(tensors: ForeignTensors, config: ForeignConfig): ForeignSae {
  const isLinear = tensors.has("encoder.weight");
  const [rows, columns] = tensors.sizes(isLinear ? "encoder.weight" : "W_enc");
  const [features, width] = isLinear ? [rows, columns] : [columns, rows];
  const found = describeClass(tensors, config, features);
  const model: SaeModel = {
    features,
    router: noRouter,
    expert: found.expert,
    encoderBias: "encoder_bias" in found.perFeature,
    subtractDecoderBias: found.subtractDecoderBias,
    normaliseActivations: "none",
  };
  const parameters = new Map<string, SaeTensor>([
    [
      "encoder",
      isLinear ? tensors.take("encoder.weight", [features, width]) : tensors.takeTransposed("W_enc", [features, width]),
    ],
    ["decoder", decoderOf(tensors, features, width)],
    ["decoder_bias", tensors.take(found.bias, [width])],
  ]);
  for (const [ours, theirs] of Object.entries(found.perFeature)) parameters.set(ours, tensors.take(theirs, [features]));
  if (found.threshold !== undefined) {
    // Theirs lets every positive value through before there is an estimate; ours would ask the batch.
    const data = Float32Array.of(Math.max(0, found.threshold));
    parameters.set("expert.inference_threshold", { shape: [], data });
  }
  return { architecture: found.name, width, model, parameters, notes: [] };
}

function decoderOf(tensors: ForeignTensors, features: number, width: number): SaeTensor {
  for (const name of ["W_dec", "decoder"]) if (tensors.has(name)) return tensors.take(name, [features, width]);
  return tensors.takeTransposed("decoder.weight", [features, width]);
}

function describeClass(tensors: ForeignTensors, config: ForeignConfig, features: number): Class {
  const relu = { expert: { type: "relu" }, perFeature: { encoder_bias: "encoder.bias" } };
  if (tensors.has("W_enc")) return withMatrices(tensors, config, features);
  if (tensors.has("r_mag")) {
    return {
      name: "GatedAutoEncoder",
      expert: { type: "gated" },
      subtractDecoderBias: true,
      bias: "decoder_bias",
      perFeature: {
        "expert.magnitude_log_scale": "r_mag",
        "expert.gate_bias": "gate_bias",
        "expert.magnitude_bias": "mag_bias",
      },
    };
  }
  if (tensors.has("bias")) return { name: "AutoEncoder", ...relu, subtractDecoderBias: true, bias: "bias" };
  if (tensors.has("decoder.bias")) {
    return { name: "AutoEncoderNew", ...relu, subtractDecoderBias: false, bias: "decoder.bias" };
  }
  const common = { subtractDecoderBias: true, bias: "b_dec", perFeature: { encoder_bias: "encoder.bias" } };
  const k = numActive(tensors, config, features);
  if (!isBatchTopK(tensors, config)) return { name: "AutoEncoderTopK", ...common, expert: { type: "top-k", k } };
  const threshold = tensors.scalar("threshold");
  return { name: "BatchTopKSAE", ...common, expert: { type: "batch-top-k", k }, threshold };
}

function withMatrices(tensors: ForeignTensors, config: ForeignConfig, features: number): Class {
  const perFeature = { encoder_bias: "b_enc" };
  if (!tensors.has("group_sizes")) {
    return {
      name: "JumpReluAutoEncoder",
      expert: { type: "jump-relu" },
      subtractDecoderBias: false,
      bias: "b_dec",
      perFeature: { ...perFeature, "expert.threshold": "threshold" },
    };
  }
  // A fraction a little too large is rounded down to the size again.
  const groups = tensors.counts("group_sizes").map((size) => Math.min(1, (size * (1 + 1e-9)) / features));
  return {
    name: "MatryoshkaBatchTopKSAE",
    expert: { type: "matryoshka-batch-top-k", k: numActive(tensors, config, features), groups },
    subtractDecoderBias: true,
    bias: "b_dec",
    perFeature,
    threshold: tensors.scalar("threshold"),
  };
}

/** A top-k may carry an estimated threshold as well, so only its config tells the two apart. */
function isBatchTopK(tensors: ForeignTensors, config: ForeignConfig): boolean {
  if (!tensors.has("threshold")) return false;
  const name = config.text("dict_class");
  if (name.includes("BatchTopKSAE")) return true;
  if (name.includes("AutoEncoderTopK")) return false;
  throw config.unsupported("dict_class", "AutoEncoderTopK or BatchTopKSAE, for these tensors");
}

/** Top-k among fewer features than k keeps them all. */
function numActive(tensors: ForeignTensors, config: ForeignConfig, features: number): number {
  return Math.min(tensors.has("k") ? tensors.scalar("k") : config.count("k"), features);
}

/** A backup's autoencoder sees activations divided by `norm_factor`. */
function inRawUnits(sae: ForeignSae, { isBackup, values }: TorchDict): ForeignSae {
  if (!isBackup || !values.has("norm_factor")) return sae;
  const factor = values.number("norm_factor");
  if (factor > 0) return factor === 1 ? sae : foldScale(sae, 1 / factor);
  throw values.wrong("norm_factor", "a positive number");
}
