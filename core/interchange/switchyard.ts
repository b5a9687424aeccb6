/**
 * Our own format: model.safetensors with the parameters under our names, and config.yaml with the part of a run's config
 * that says what they compute. Like a checkpoint without what training needs.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LineCounter, parseDocument, stringify } from "yaml";
import type { PluginChoice } from "../config/config.ts";
import { writeAtomically } from "../data/atomic-file.ts";
import { readError } from "../data/file-errors.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { ForeignConfig } from "./foreign-config.ts";
import type { ForeignSae, SaeModel, SaeTensor } from "./foreign-sae.ts";
import { readForeignTensors } from "./foreign-tensors.ts";
import { inRawUnits } from "./fold.ts";

export const switchyardFiles = { config: "config.yaml", weights: "model.safetensors" } as const;

const formatName = "switchyard-model";

/** @param folder Absolute. @throws SwitchyardError FOREIGN_CONFIG, FOREIGN_TENSORS, FILE_*, SAFETENSORS_* */
export async function readSwitchyard(folder: string): Promise<ForeignSae> {
  const config = await readYaml(join(folder, switchyardFiles.config));
  const tensors = await readForeignTensors(join(folder, switchyardFiles.weights));
  const model = modelOf(config.inner("model"));
  const [features, width] = tensors.sizes("encoder");
  const parameters = new Map<string, SaeTensor>();
  for (const name of tensors.names) parameters.set(name, tensors.take(name, tensors.shape(name)));
  if (features !== model.features) throw config.inner("model").wrong("features", `${features}, as encoder has`);
  return { architecture: model.expert.type, width, model, parameters, notes: [] };
}

/**
 * @param folder Absolute; made when missing.
 * @param about Said in a comment: which run it was.
 * @returns The files written.
 * @throws SwitchyardError EXPORT_IMPOSSIBLE, DISK_FULL, FILE_UNWRITABLE
 */
export async function writeSwitchyard(given: ForeignSae, folder: string, about: string): Promise<readonly string[]> {
  const { model, parameters } = inRawUnits(given);
  const files = [join(folder, switchyardFiles.weights), join(folder, switchyardFiles.config)] as const;
  await writeSafetensors(files[0], parameters, { format: formatName, version: "1" });
  const heading = `# ${about}. The parameters are in ${switchyardFiles.weights}.\n`;
  await writeAtomically(files[1], (handle) => handle.writeFile(heading + stringify({ model }, { lineWidth: 120 })));
  return files;
}

function modelOf(config: ForeignConfig): SaeModel {
  const normalisation = config.text("normaliseActivations", "none");
  if (normalisation !== "none" && normalisation !== "layer-norm" && normalisation !== "expected-average-norm") {
    throw config.wrong("normaliseActivations", "none, expected-average-norm or layer-norm");
  }
  return {
    features: config.count("features"),
    router: choiceOf(config, "router"),
    expert: choiceOf(config, "expert"),
    encoderBias: config.flag("encoderBias", false),
    subtractDecoderBias: config.flag("subtractDecoderBias", true),
    normaliseActivations: normalisation,
  };
}

/** Its options are checked by the plugin's own schema, as those of any config are. */
function choiceOf(config: ForeignConfig, key: string): PluginChoice {
  const choice = config.inner(key);
  return {
    ...Object.fromEntries(choice.keys.map((option) => [option, choice.raw(option)])),
    type: choice.text("type"),
  };
}

async function readYaml(file: string): Promise<ForeignConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw readError(file, error);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [problem] = document.errors;
  const at = problem === undefined ? undefined : lines.linePos(problem.pos[0]);
  const value: unknown = problem === undefined ? plainYaml(document) : undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return new ForeignConfig(file, { ...value });
  throw new SwitchyardError("FOREIGN_CONFIG", "The config is no YAML map.", {
    where: `${file}:${at?.line ?? 1}:${at?.col ?? 1}`,
    expected: "a map with model",
    received: problem === undefined ? "another value" : messageOf(problem),
    next: "Export the run again.",
  });
}

/** Aliases that multiply have no place in so small a file; yaml refuses more than a hundred. */
function plainYaml(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}
