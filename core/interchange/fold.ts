/**
 * Changes of parameters that change no reconstruction.
 *
 * An input scale s: encoding s x and dividing the reconstruction by s is, for activation functions that are homogeneous
 * (f(s z) = s f(z): ReLU, top-k, thresholds), the same as encoding x with all biases and thresholds divided by s; the
 * router's weights are multiplied, so that its scores, and with them its probabilities, stay.
 *
 * Decoder norms n: a top-k that orders by n_f z_f, divided by n_f after it, is a plain one with encoder rows and biases
 * times n_f and unit decoder rows.
 *
 * Shapes: D width, F features, E experts.
 */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ForeignSae, SaeParameters, SaeTensor } from "./foreign-sae.ts";
import { rowNorms, scaleRows } from "./matrices.ts";

/** Power of the input scale that each parameter takes. */
const powers: Readonly<Record<string, -1 | 0 | 1>> = {
  encoder: 0,
  decoder: 0,
  encoder_bias: -1,
  decoder_bias: -1,
  "expert.threshold": -1,
  "expert.inference_threshold": -1,
  "expert.gate_bias": -1,
  "expert.magnitude_bias": -1,
  "expert.magnitude_log_scale": 0,
  "router.weight": 1,
  "router.input_bias": -1,
  "router.score_bias": 0,
  "router.noise_weight": 1,
  // The largest product with a direction stays the largest.
  "router.directions": 0,
  "router.centre": -1,
};

export const activationScale = "activation_scale";

/** The autoencoder in the units of its inputs, without `activation_scale`. @throws as `foldScale` */
export function inRawUnits(sae: ForeignSae): ForeignSae {
  const scale = sae.parameters.get(activationScale)?.data[0];
  if (sae.model.normaliseActivations !== "expected-average-norm") return sae;
  if (scale === undefined || !(scale > 0)) {
    throw new SwitchyardError("FOREIGN_TENSORS", "The scale of the activations is not known.", {
      where: activationScale,
      expected: "a positive number",
      received: scale === undefined ? "nothing" : String(scale),
      next: "Take a checkpoint of a run that has trained at least one step.",
    });
  }
  return foldScale(sae, scale);
}

/**
 * The same autoencoder for inputs that are not multiplied by `scale` any more.
 * @throws SwitchyardError EXPORT_IMPOSSIBLE for parameters of plugins whose scaling is not known
 */
export function foldScale(sae: ForeignSae, scale: number): ForeignSae {
  const parameters = new Map<string, SaeTensor>();
  for (const [name, { shape, data }] of sae.parameters) {
    if (name === activationScale) continue;
    const power = powers[name];
    if (power === undefined) throw notFoldable(name);
    // A negative threshold says that none was estimated.
    const isUnset = name === "expert.inference_threshold" && (data[0] ?? -1) < 0;
    const factor = isUnset ? 1 : scale ** power;
    parameters.set(name, { shape, data: data.map((value) => value * factor) });
  }
  return {
    ...sae,
    model: { ...sae.model, normaliseActivations: "none" },
    parameters,
    notes: [...sae.notes, `The input scale ${scale} was folded into biases and thresholds.`],
  };
}

/** Encoder rows and biases times the decoder's norms, decoder rows of norm 1. */
export function foldDecoderNorms(parameters: SaeParameters): SaeParameters {
  const decoder = parameters.get("decoder");
  if (decoder === undefined) return parameters;
  const norms_F = rowNorms(decoder.data, decoder.shape[0] ?? 0);
  const folded = new Map(parameters);
  for (const name of ["encoder", "encoder_bias"]) {
    const given = parameters.get(name);
    if (given !== undefined) folded.set(name, { shape: given.shape, data: scaleRows(given.data, norms_F) });
  }
  const inverse_F = norms_F.map((norm) => (norm === 0 ? 0 : 1 / norm));
  folded.set("decoder", { shape: decoder.shape, data: scaleRows(decoder.data, inverse_F) });
  return folded;
}

function notFoldable(name: string): SwitchyardError {
  return new SwitchyardError("EXPORT_IMPOSSIBLE", "The input scale cannot be folded into the weights.", {
    where: `parameter ${name}`,
    expected: `parameters whose scaling is known: ${Object.keys(powers).join(", ")}`,
    received: name,
    next: "Train the run with model.normaliseActivations: none.",
  });
}
