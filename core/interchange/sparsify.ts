/**
 * sparsify (EleutherAI): a folder with cfg.json and sae.safetensors.
 *
 *   encoder.weight [F, D], encoder.bias [F], W_dec [F, D], b_dec [D]; W_skip [D, D] of transcoders
 *
 * Shapes: D width, F features.
 * @see EleutherAI/sparsify sparsify/sparse_coder.py, fused_encoder.py
 */
import { join } from "node:path";
import { readForeignConfig } from "./foreign-config.ts";
import { noRouter } from "./foreign-sae.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";
import { readForeignTensors } from "./foreign-tensors.ts";

export const sparsifyFiles = { config: "cfg.json", weights: "sae.safetensors" } as const;

/** @param folder Absolute. @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FOREIGN_UNSUPPORTED, FILE_*, SAFETENSORS_* */
export async function readSparsify(folder: string): Promise<ForeignSae> {
  const config = await readForeignConfig(join(folder, sparsifyFiles.config));
  const tensors = await readForeignTensors(join(folder, sparsifyFiles.weights));
  for (const key of ["transcode", "skip_connection", "signed"]) {
    if (config.flag(key, false)) throw config.unsupported(key, "false: an autoencoder of one place in a model");
  }
  if (config.text("activation", "topk") !== "topk") throw config.unsupported("activation", "topk");
  const [features, width] = tensors.sizes("encoder.weight");
  if (config.has("d_in") && config.count("d_in") !== width) throw config.wrong("d_in", `${width}, as the weights have`);
  return {
    architecture: "topk",
    width,
    model: {
      features,
      router: noRouter,
      expert: { type: "top-k", k: config.count("k") },
      encoderBias: true,
      subtractDecoderBias: true,
      normaliseActivations: "none",
    },
    parameters: new Map<string, SaeTensor>([
      ["encoder", tensors.take("encoder.weight", [features, width])],
      ["encoder_bias", tensors.take("encoder.bias", [features])],
      ["decoder", tensors.take("W_dec", [features, width])],
      ["decoder_bias", tensors.take("b_dec", [width])],
    ]),
    notes: [],
  };
}
