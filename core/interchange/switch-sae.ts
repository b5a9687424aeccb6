/**
 * The authors' Switch SAE (amudide/switch_sae), as `ae.pt` or, as it is written here, `ae.safetensors`, with k, experts
 * and heaviside in config.json:
 *
 *   encoder.weight [F, D], router.weight [E, D], decoder [F, D], b_dec [D], b_router [D]
 *
 * No encoder bias, no bias of the router's scores. The layout is ours as well: expert e owns rows [e*M, (e+1)*M).
 * Shapes: D width, F features, E experts, M = F/E features an expert.
 * @see amudide/switch_sae dictionary_learning/trainers/switch.py
 */
import { join } from "node:path";
import { writeAtomically } from "../data/atomic-file.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { cannotExport } from "./cannot-export.ts";
import { findTrainerConfig, trainerOf } from "./dictionary-learning.ts";
import { ForeignConfig, readForeignConfig } from "./foreign-config.ts";
import type { ForeignSae, SaeTensor } from "./foreign-sae.ts";
import type { ForeignTensors } from "./foreign-tensors.ts";
import { inRawUnits } from "./fold.ts";

export const switchSaeFiles = { config: "config.json", weights: "ae.safetensors" } as const;

/**
 * @param config What is known when there is no config.json: that of a backup.
 * @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FILE_UNREADABLE
 */
export async function readSwitchSae(tensors: ForeignTensors, config?: ForeignConfig): Promise<ForeignSae> {
  const found = findTrainerConfig(tensors.file);
  const trainer =
    found === undefined
      ? (config ?? new ForeignConfig(`${switchSaeFiles.config} beside ${tensors.file}`, {}))
      : trainerOf(await readForeignConfig(found));
  const [features, width] = tensors.sizes("encoder.weight");
  const [experts] = tensors.sizes("router.weight");
  if (trainer.has("experts") && trainer.count("experts") !== experts) {
    throw trainer.wrong("experts", `${experts}, as router.weight has`);
  }
  const k = trainer.count("k");
  const reachable = features / experts;
  const decoderBias = tensors.take("b_dec", [width]);
  const routerBias = tensors.take("b_router", [width]);
  const isShared = decoderBias.data.every((value, d) => value === routerBias.data[d]);
  return {
    architecture: "SwitchAutoEncoder",
    width,
    model: {
      features,
      router: {
        type: "switch",
        experts,
        gate: trainer.flag("heaviside", false) ? "heaviside" : "softmax",
        bias: isShared ? "shared" : "separate",
      },
      expert: { type: "top-k", k: Math.min(k, reachable) },
      encoderBias: false,
      subtractDecoderBias: true,
      normaliseActivations: "none",
    },
    parameters: new Map<string, SaeTensor>([
      ["encoder", tensors.take("encoder.weight", [features, width])],
      ["decoder", tensors.take("decoder", [features, width])],
      ["decoder_bias", decoderBias],
      ["router.weight", tensors.take("router.weight", [experts, width])],
      ["router.input_bias", routerBias],
    ]),
    notes:
      k <= reachable ? [] : [`k = ${k} is more than the ${reachable} features of an expert, which are then all kept.`],
  };
}

/**
 * @param folder Absolute; made when missing.
 * @returns The files written.
 * @throws SwitchyardError EXPORT_IMPOSSIBLE, DISK_FULL, FILE_UNWRITABLE
 */
export async function writeSwitchSae(given: ForeignSae, folder: string): Promise<readonly string[]> {
  const experts = requireSwitch(given);
  const { model, width, parameters } = inRawUnits(given);
  const zeros = (shape: readonly number[]): SaeTensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  });
  const get = (name: string, otherwise: readonly number[]): SaeTensor => parameters.get(name) ?? zeros(otherwise);
  const files = [join(folder, switchSaeFiles.weights), join(folder, switchSaeFiles.config)] as const;
  await writeSafetensors(files[0], {
    "encoder.weight": get("encoder", [model.features, width]),
    decoder: get("decoder", [model.features, width]),
    b_dec: get("decoder_bias", [width]),
    // Without a router there is one expert, and its probability is 1 whatever the scores.
    "router.weight": get("router.weight", [experts, width]),
    b_router: get("router.input_bias", [width]),
  });
  const trainer = {
    dict_class: "SwitchAutoEncoder",
    activation_dim: width,
    dict_size: model.features,
    k: model.expert["k"],
    experts,
    heaviside: model.router["gate"] === "heaviside",
  };
  await writeAtomically(files[1], (handle) => handle.writeFile(`${JSON.stringify({ trainer }, undefined, 2)}\n`));
  return files;
}

/** @returns E */
function requireSwitch({ model, parameters }: ForeignSae): number {
  const { router, expert } = model;
  const shared = Number(router["shared"] ?? 0);
  const problems: readonly (readonly [boolean, string, string, string])[] = [
    [!["switch", "none"].includes(router.type), "model.router", "switch or none", router.type],
    [shared > 0, "model.router.shared", "0", String(shared)],
    [expert.type !== "top-k", "model.expert", "top-k", expert.type],
    [expert["threshold"] === "use", "model.expert.threshold", "none or estimate", "use"],
    [model.encoderBias && hasValues(parameters.get("encoder_bias")), "model.encoderBias", "no encoder bias", "one"],
    [!model.subtractDecoderBias, "model.subtractDecoderBias", "true", "false"],
    [model.normaliseActivations === "layer-norm", "model.normaliseActivations", "none", "layer-norm"],
  ];
  const problem = problems.find(([isWrong]) => isWrong);
  if (problem === undefined) return router.type === "none" ? 1 : Number(router["experts"]);
  const [, where, expected, received] = problem;
  const next = "The format has no word for it. Use --format switchyard, which keeps everything.";
  throw cannotExport("switch-sae", where, { expected, received, next });
}

function hasValues(bias: SaeTensor | undefined): boolean {
  return bias?.data.some((value) => value !== 0) ?? false;
}
