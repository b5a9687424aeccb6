/**
 * SAELens: a folder with cfg.json and sae_weights.safetensors. Version 6 as it is, and the flat keys of the versions
 * before it.
 *
 *   W_enc [D, F], W_dec [F, D], b_dec [D]; b_enc [F] (standard, topk, jumprelu), threshold [F] (jumprelu),
 *   b_gate, b_mag, r_mag [F] (gated), topk_threshold [] (batchtopk, while it trains)
 *
 * Shapes: D width, F features.
 * @see SAELens sae_lens/saes (the forward passes), sae_lens/loading/pretrained_sae_loaders.py (the old keys)
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ForeignConfig } from "./foreign-config.ts";
import { readForeignConfig } from "./foreign-config.ts";
import { noRouter } from "./foreign-sae.ts";
import type { ForeignSae, SaeParameters, SaeTensor } from "./foreign-sae.ts";
import { readForeignTensors } from "./foreign-tensors.ts";
import type { ForeignTensors } from "./foreign-tensors.ts";
import { foldDecoderNorms, foldScale } from "./fold.ts";
import { scaleRows } from "./matrices.ts";

export const saeLensFiles = {
  config: "cfg.json",
  weights: "sae_weights.safetensors",
  /** Beside checkpoints of version 6: the scale that was not folded yet. */
  scaler: "activation_scaler.json",
} as const;

/** @param folder Absolute. @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FOREIGN_UNSUPPORTED, FILE_*, SAFETENSORS_* */
export async function readSaeLens(folder: string): Promise<ForeignSae> {
  const config = await readForeignConfig(join(folder, saeLensFiles.config));
  const tensors = await readForeignTensors(join(folder, saeLensFiles.weights));
  const architecture = architectureOf(config);
  const sizes = sizesOf(config, tensors);
  const notes: string[] = [];
  const { expert, own, encoderBias } = expertOf(architecture, { config, tensors, features: sizes[1] });
  const read = new Map<string, SaeTensor>([
    ["encoder", tensors.takeTransposed("W_enc", [sizes[1], sizes[0]])],
    ["decoder", tensors.take("W_dec", [sizes[1], sizes[0]])],
    ["decoder_bias", tensors.take("b_dec", [sizes[0]])],
    ...(encoderBias ? [["encoder_bias", tensors.take("b_enc", [sizes[1]])] as const] : []),
    ...own,
  ]);
  const parameters = withDecoderFactors(read, { config, tensors, notes });
  const sae: ForeignSae = {
    architecture,
    width: sizes[0],
    model: {
      features: sizes[1],
      router: noRouter,
      expert,
      encoderBias,
      subtractDecoderBias: config.flag("apply_b_dec_to_input", true),
      normaliseActivations: normalisationOf(config) === "layer_norm" ? "layer-norm" : "none",
    },
    parameters,
    notes,
  };
  const scale = await inputScale(folder, config);
  return scale === undefined ? sae : foldScale(sae, scale);
}

/** Before version 6 a top-k was a standard architecture with another activation function. */
function architectureOf(config: ForeignConfig): string {
  const architecture = config.text("architecture", "standard");
  const key = config.has("activation_fn_str") ? "activation_fn_str" : "activation_fn";
  const activation = config.text(key, "relu");
  if (activation === "topk") return "topk";
  if (activation !== "relu") throw config.unsupported(key, "relu or topk");
  return architecture;
}

function sizesOf(config: ForeignConfig, tensors: ForeignTensors): readonly [width: number, features: number] {
  const sizes = tensors.sizes("W_enc");
  for (const [i, key] of ["d_in", "d_sae"].entries()) {
    if (config.has(key) && config.count(key) !== sizes[i]) throw config.wrong(key, `${sizes[i] ?? 0}, as W_enc has`);
  }
  return sizes;
}

interface Sources {
  readonly config: ForeignConfig;
  readonly tensors: ForeignTensors;
  readonly features: number;
}

interface ExpertPart {
  readonly expert: ForeignSae["model"]["expert"];
  readonly encoderBias: boolean;
  readonly own: readonly (readonly [string, SaeTensor])[];
}

function expertOf(architecture: string, { config, tensors, features }: Sources): ExpertPart {
  const shape = [features];
  switch (architecture) {
    case "standard":
      return { expert: { type: "relu" }, encoderBias: true, own: [] };
    case "topk":
      return { expert: { type: "top-k", k: topKOf(config) }, encoderBias: true, own: [] };
    case "batchtopk": {
      const data = Float32Array.of(Math.max(0, tensors.scalar("topk_threshold")));
      const own = [["expert.inference_threshold", { shape: [], data }]] as const;
      return { expert: { type: "batch-top-k", k: topKOf(config) }, encoderBias: true, own };
    }
    case "jumprelu": {
      const own = [["expert.threshold", tensors.take("threshold", shape)]] as const;
      return { expert: { type: "jump-relu" }, encoderBias: true, own };
    }
    case "gated": {
      const names = { magnitude_log_scale: "r_mag", gate_bias: "b_gate", magnitude_bias: "b_mag" };
      const own = Object.entries(names).map(
        ([ours, theirs]) => [`expert.${ours}`, tensors.take(theirs, shape)] as const,
      );
      return { expert: { type: "gated" }, encoderBias: false, own };
    }
    default:
      throw config.unsupported("architecture", "standard, topk, batchtopk, jumprelu or gated");
  }
}

function topKOf(config: ForeignConfig): number {
  const inner = config.inner("activation_fn_kwargs");
  const written = config.has("k") || !inner.has("k") ? config : inner;
  // Version 6 allows a mean number of features for batchtopk.
  return Math.max(1, Math.round(written.number("k")));
}

/** What multiplies a feature's value between the choice of features and the decoder, put into the decoder's rows. */
function withDecoderFactors(
  read: SaeParameters,
  { config, tensors, notes }: Omit<Sources, "features"> & { readonly notes: string[] },
): SaeParameters {
  const decoder = read.get("decoder");
  let parameters = read;
  if (decoder !== undefined && config.flag("finetuning_scaling_factor", false)) {
    const name = tensors.has("scaling_factor") ? "scaling_factor" : "finetuning_scaling_factor";
    const factors = tensors.take(name, [decoder.shape[0] ?? 0]);
    parameters = new Map([...read, ["decoder", { ...decoder, data: scaleRows(decoder.data, factors.data) }]]);
    notes.push("The fine-tuned scaling factors were multiplied into the decoder's rows.");
  }
  if (!config.flag("rescale_acts_by_decoder_norm", false)) return parameters;
  notes.push(
    "rescale_acts_by_decoder_norm: the decoder's norms were moved into the encoder; decoder rows have norm 1.",
  );
  return foldDecoderNorms(parameters);
}

/** Before version 5 a flag; none may be written as null. */
function normalisationOf(config: ForeignConfig): string {
  const value = config.raw("normalize_activations");
  if (typeof value === "boolean") return value ? "expected_average_only_in" : "none";
  const known = ["none", "layer_norm", "expected_average_only_in"];
  const kind = config.text("normalize_activations", "none");
  if (!known.includes(kind)) throw config.unsupported("normalize_activations", known.join(", "));
  return kind;
}

async function inputScale(folder: string, config: ForeignConfig): Promise<number | undefined> {
  if (normalisationOf(config) !== "expected_average_only_in") return undefined;
  const file = join(folder, saeLensFiles.scaler);
  if (existsSync(file)) return (await readForeignConfig(file)).number("scaling_factor");
  throw config.wrong(
    "normalize_activations",
    `none, or the scale as scaling_factor in ${saeLensFiles.scaler}`,
    "Fold the scale in SAELens (fold_activation_norm_scaling_factor) and save again, or write that file.",
  );
}
