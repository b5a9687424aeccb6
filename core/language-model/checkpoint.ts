/**
 * The weights of a GPT-2 checkpoint folder: one model.safetensors, or shards listed by model.safetensors.index.json;
 * names with or without the prefix "transformer."; checked for presence and shape before any are used.
 *
 * Shapes: D width, I inner width of the MLP, V vocabulary, T positions. Linear weights are [in, out] (Conv1D), so
 * that no product needs a transpose.
 */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readError } from "../data/file-errors.ts";
import { readSafetensors, readSafetensorsHeader } from "../data/safetensors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Gpt2Config } from "./gpt2-config.ts";

/** GPT-2's own tensor name, without prefix -> row-major float32. */
export type Gpt2Tensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

const prefix = "transformer.";

/** Names of a checkpoint's weight files within its folder. @throws SwitchyardError MODEL_UNSUPPORTED, FILE_MISSING */
export async function findWeightFiles(folder: string): Promise<readonly string[]> {
  if (await exists(join(folder, "model.safetensors"))) return ["model.safetensors"];
  const index = join(folder, "model.safetensors.index.json");
  if (await exists(index)) return readIndex(index);
  const hasPickle = await exists(join(folder, "pytorch_model.bin"));
  throw new SwitchyardError("FILE_MISSING", "The checkpoint has no safetensors weights.", {
    where: folder,
    expected: "model.safetensors or model.safetensors.index.json",
    received: hasPickle ? "pytorch_model.bin, a pickle, which is not read" : "neither",
    next: hasPickle
      ? "Convert it: in Python, AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder)."
      : "Check the folder, or get the checkpoint again.",
  });
}

/** @throws SwitchyardError MODEL_TENSORS, NOT_SAFETENSORS, SAFETENSORS_*, FILE_MISSING */
export async function readGpt2Tensors(folder: string, config: Gpt2Config): Promise<Gpt2Tensors> {
  const files = (await findWeightFiles(folder)).map((name) => join(folder, name));
  const expected = expectedShapes(config);
  const found = new Map<string, readonly number[]>();
  for (const file of files) {
    const { tensors } = await readSafetensorsHeader(file);
    for (const [name, info] of tensors) found.set(bare(name), info.shape);
  }
  if (!config.isTied && found.has("lm_head.weight")) {
    expected.set("lm_head.weight", [config.vocabularySize, config.width]);
  }
  checkShapes(folder, expected, found);
  const read = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const file of files) {
    const { tensors } = await readSafetensors(file, (name) => expected.has(bare(name)));
    for (const [name, tensor] of tensors) {
      const data = tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data, Number);
      read.set(bare(name), { shape: tensor.shape, data });
    }
  }
  return read;
}

/** Every tensor that a forward pass needs. */
function expectedShapes(config: Gpt2Config): Map<string, readonly number[]> {
  const { width: D, innerWidth: I } = config;
  const shapes = new Map<string, readonly number[]>([
    ["wte.weight", [config.vocabularySize, D]],
    ["wpe.weight", [config.numPositions, D]],
    ["ln_f.weight", [D]],
    ["ln_f.bias", [D]],
  ]);
  const linear = (name: string, inputs: number, outputs: number): void => {
    shapes.set(`${name}.weight`, [inputs, outputs]).set(`${name}.bias`, [outputs]);
  };
  for (let layer = 0; layer < config.numLayers; layer++) {
    for (const norm of ["ln_1", "ln_2"]) {
      shapes.set(`h.${layer}.${norm}.weight`, [D]).set(`h.${layer}.${norm}.bias`, [D]);
    }
    linear(`h.${layer}.attn.c_attn`, D, 3 * D);
    linear(`h.${layer}.attn.c_proj`, D, D);
    linear(`h.${layer}.mlp.c_fc`, D, I);
    linear(`h.${layer}.mlp.c_proj`, I, D);
  }
  return shapes;
}

function checkShapes(
  folder: string,
  expected: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, readonly number[]>,
): void {
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const differing = [...expected].flatMap(([name, shape]) => {
    const actual = found.get(name);
    return actual === undefined || actual.join() === shape.join()
      ? []
      : [`${name} is [${actual.join(", ")}], not [${shape.join(", ")}]`];
  });
  if (missing.length + differing.length === 0) return;
  const problems = [
    ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
    ...(differing.length > 0 ? [listed(differing)] : []),
  ];
  throw new SwitchyardError(
    "MODEL_TENSORS",
    "The checkpoint's tensors are not those of the GPT-2 in its config.json.",
    {
      where: folder,
      expected: `${expected.size} tensors by GPT-2's names, in the shapes that config.json implies`,
      received: `${problems.join("; ")}; the file holds ${listed([...found.keys()])}`,
      next: "Use the config.json that belongs to these weights, or a checkpoint in GPT-2's format.",
    },
  );
}

async function readIndex(file: string): Promise<readonly string[]> {
  let weightMap: unknown;
  try {
    const index: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof index === "object" && index !== null && "weight_map" in index) weightMap = index.weight_map;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw readError(file, error);
  }
  if (typeof weightMap === "object" && weightMap !== null) {
    const names = [...new Set(Object.values(weightMap))].filter((name) => typeof name === "string").sort();
    if (names.length > 0) return names;
  }
  throw new SwitchyardError("MODEL_UNSUPPORTED", "The list of weight shards cannot be read.", {
    where: file,
    expected: "JSON with weight_map: tensor name -> file name",
    next: "Get the file again.",
  });
}

function bare(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function listed(items: readonly string[]): string {
  const shown = items.slice(0, 6).join(", ");
  return items.length > 6 ? `${shown} and ${items.length - 6} more` : shown;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
