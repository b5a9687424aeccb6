/**
 * openai/sparse_autoencoder: a file of torch.save with a dict of
 *
 *   pre_bias [D], encoder.weight [F, D], latent_bias [F], decoder.weight [D, F], activation, activation_state_dict,
 *   and statistics of training
 *
 * Its TopK models normalise every row of the input ((x - mean) / (std + 1e-5), std over D - 1) and undo it after
 * decoding; its ReLU models do not. Nothing in the file says so; the library goes by the activation too.
 * Shapes: D width, F features.
 * @see openai/sparse_autoencoder sparse_autoencoder/model.py (from_state_dict)
 */
import type { PluginChoice } from "../config/config.ts";
import { noRouter } from "./foreign-sae.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";
import type { TorchDict } from "./torch-dict.ts";

/** @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FOREIGN_UNSUPPORTED */
export function readOpenai({ tensors, values }: TorchDict): ForeignSae {
  const [features, width] = tensors.sizes("encoder.weight");
  const activation = values.text("activation", "ReLU");
  const isTopK = activation === "TopK";
  if (!isTopK && activation !== "ReLU") throw values.unsupported("activation", "TopK or ReLU");
  return {
    architecture: activation,
    width,
    model: {
      features,
      router: noRouter,
      expert: isTopK ? topKOf(values) : { type: "relu" },
      encoderBias: true,
      subtractDecoderBias: true,
      normaliseActivations: isTopK ? "layer-norm" : "none",
    },
    parameters: new Map<string, SaeTensor>([
      ["encoder", tensors.take("encoder.weight", [features, width])],
      ["encoder_bias", tensors.take("latent_bias", [features])],
      ["decoder", decoderOf(tensors, features, width)],
      ["decoder_bias", tensors.take("pre_bias", [width])],
    ]),
    notes: [],
  };
}

function topKOf(values: TorchDict["values"]): PluginChoice {
  const state = values.inner("activation_state_dict");
  if (state.text("postact_fn", "ReLU") !== "ReLU") throw state.unsupported("postact_fn", "ReLU");
  return { type: "top-k", k: state.count("k") };
}

/** A tied decoder is the encoder, under the name of the layer that it shares. */
function decoderOf(tensors: TorchDict["tensors"], features: number, width: number): SaeTensor {
  if (tensors.has("decoder.weight")) return tensors.takeTransposed("decoder.weight", [features, width]);
  return tensors.take("decoder.linear.weight", [features, width]);
}
