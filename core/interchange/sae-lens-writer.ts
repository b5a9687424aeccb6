/**
 * Writes a SAELens folder (version 6). SAELens has no routed architecture, so only a dictionary that every row sees
 * whole can be written. Experts that estimate a threshold become jumprelu, which is what SAELens does with its own.
 *
 * Shapes: D width, F features.
 */
import { join } from "node:path";
import { writeAtomically } from "../data/atomic-file.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import type { WritableTensor } from "../data/safetensors.ts";
import { cannotExport } from "./cannot-export.ts";
import { inRawUnits } from "./fold.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";
import { transpose } from "./matrices.ts";
import { saeLensFiles } from "./sae-lens.ts";

/** What SAELens calls facts of where an autoencoder belongs: model_name, hook_name. */
export type SaeLensMetadata = Readonly<Record<string, string | number | boolean>>;

/**
 * @param folder Absolute; made when missing.
 * @returns The files written.
 * @throws SwitchyardError EXPORT_IMPOSSIBLE, DISK_FULL, FILE_UNWRITABLE
 */
export async function writeSaeLens(
  given: ForeignSae,
  folder: string,
  metadata: SaeLensMetadata,
): Promise<readonly string[]> {
  requireOneExpert(given);
  const sae = inRawUnits(given);
  const { model, width } = sae;
  const { architecture, tensors, keys } = architectureOf(sae);
  const config = {
    architecture,
    d_in: width,
    d_sae: model.features,
    dtype: "float32",
    device: "cpu",
    apply_b_dec_to_input: model.subtractDecoderBias,
    normalize_activations: model.normaliseActivations === "layer-norm" ? "layer_norm" : "none",
    reshape_activations: "none",
    ...keys,
    // The version whose format this is; SAELens reads older ones by other rules.
    metadata: { sae_lens_version: "6.0.0", ...metadata },
  };
  const weights = {
    W_enc: transposed(parameter(sae, "encoder")),
    W_dec: parameter(sae, "decoder"),
    b_dec: parameter(sae, "decoder_bias"),
    ...tensors,
  };
  const files = [join(folder, saeLensFiles.weights), join(folder, saeLensFiles.config)] as const;
  await writeSafetensors(files[0], weights);
  await writeAtomically(files[1], (handle) => handle.writeFile(`${JSON.stringify(config, undefined, 2)}\n`));
  return files;
}

function requireOneExpert({ model: { router } }: ForeignSae): void {
  const experts = router.type === "none" ? 1 : Number(router["experts"]);
  if (experts === 1) return;
  throw cannotExport("saelens", `model.router: ${router.type}`, {
    expected: "a model without a router, or with one expert",
    received: `${router.type} with ${experts} experts`,
    next:
      "SAELens has no architecture that masks all experts but the chosen one and multiplies by its probability, so no " +
      "file of it could say what this autoencoder does. Use --format switch-sae or --format switchyard.",
  });
}

interface Architecture {
  readonly architecture: string;
  readonly tensors: Readonly<Record<string, WritableTensor>>;
  readonly keys: Readonly<Record<string, unknown>>;
}

function architectureOf(sae: ForeignSae): Architecture {
  const { expert, features } = sae.model;
  const zeros = { shape: [features], data: new Float32Array(features) };
  const b_enc = sae.parameters.get("encoder_bias") ?? zeros;
  const threshold = sae.parameters.get("expert.inference_threshold")?.data[0];
  switch (expert.type) {
    case "relu":
      return { architecture: "standard", tensors: { b_enc }, keys: {} };
    case "top-k":
      if (expert["threshold"] === "use") return asJumpRelu(sae, b_enc, threshold);
      return {
        architecture: "topk",
        tensors: { b_enc },
        keys: { k: expert["k"], rescale_acts_by_decoder_norm: false },
      };
    case "batch-top-k":
    case "matryoshka-batch-top-k":
      return asJumpRelu(sae, b_enc, threshold);
    case "jump-relu":
      return { architecture: "jumprelu", tensors: { b_enc, threshold: parameter(sae, "expert.threshold") }, keys: {} };
    case "gated":
      return gated(sae);
    default:
      throw cannotExport("saelens", `model.expert: ${expert.type}`, {
        expected: "relu, top-k, batch-top-k, matryoshka-batch-top-k, jump-relu or gated",
        received: expert.type,
        next: "Use --format switchyard, which keeps any expert.",
      });
  }
}

/** A value above a threshold of 0 or more is one that ReLU lets through. */
function asJumpRelu(sae: ForeignSae, b_enc: SaeTensor, threshold: number | undefined): Architecture {
  const { features, expert } = sae.model;
  if (threshold === undefined || threshold < 0) {
    throw cannotExport("saelens", `model.expert: ${expert.type}`, {
      expected: "an estimated threshold",
      received: "none: training ended before one was estimated, so what is active depends on the batch",
      next: "Train longer, or set the expert's thresholdStartStep to an earlier step.",
    });
  }
  const data = new Float32Array(features).fill(threshold);
  return { architecture: "jumprelu", tensors: { b_enc, threshold: { shape: [features], data } }, keys: {} };
}

/** SAELens' gated has no encoder bias; one here would be added to both of its biases. */
function gated(sae: ForeignSae): Architecture {
  const r_mag = parameter(sae, "expert.magnitude_log_scale");
  const bias = sae.parameters.get("encoder_bias");
  const [gate, magnitude] = [parameter(sae, "expert.gate_bias"), parameter(sae, "expert.magnitude_bias")];
  const shifted = (own: SaeTensor, factor: (feature: number) => number): SaeTensor =>
    bias === undefined ? own : { ...own, data: own.data.map((value, f) => value + factor(f) * (bias.data[f] ?? 0)) };
  const b_gate = shifted(gate, () => 1);
  const b_mag = shifted(magnitude, (f) => Math.exp(r_mag.data[f] ?? 0));
  return { architecture: "gated", tensors: { b_gate, b_mag, r_mag }, keys: {} };
}

function transposed({ shape: [rows = 0, columns = 0], data }: SaeTensor): WritableTensor {
  return { shape: [columns, rows], data: transpose(data, rows, columns) };
}

function parameter({ parameters }: ForeignSae, name: string): SaeTensor {
  const found = parameters.get(name);
  if (found !== undefined) return found;
  throw cannotExport("saelens", `parameter ${name}`, {
    expected: name,
    received: [...parameters.keys()].join(", "),
    next: "Restore the run's checkpoint: it lacks a parameter of its model.",
  });
}
