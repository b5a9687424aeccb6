/** A checkpoint's config.json, reduced to what a GPT-2 forward pass needs, and refused when it is something else. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readError } from "../data/file-errors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";

export interface Gpt2Config {
  readonly numLayers: number;
  /** D */
  readonly width: number;
  readonly numHeads: number;
  /** Longest context. */
  readonly numPositions: number;
  /** V */
  readonly vocabularySize: number;
  /** Width of the MLP's hidden layer. */
  readonly innerWidth: number;
  readonly layerNormEpsilon: number;
  /** Whether the output layer is the embedding, transposed. */
  readonly isTied: boolean;
  /** Between documents; undefined when the checkpoint names none. */
  readonly endOfTextId: number | undefined;
}

/** @throws SwitchyardError FILE_MISSING, FILE_UNREADABLE, MODEL_UNSUPPORTED */
export async function readGpt2Config(folder: string): Promise<Gpt2Config> {
  const file = join(folder, "config.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw readError(file, error);
  }
  return parseGpt2Config(file, text);
}

/** @throws SwitchyardError MODEL_UNSUPPORTED */
export function parseGpt2Config(file: string, text: string): Gpt2Config {
  const raw = parseJsonObject(file, text);
  const unsupported = (expected: string, received: string): SwitchyardError =>
    new SwitchyardError("MODEL_UNSUPPORTED", "This checkpoint is not a GPT-2 that can be run here.", {
      where: file,
      expected,
      received,
      next: "Use a checkpoint in GPT-2's format, or export activations yourself and read them with source: activations.",
    });
  const requireValue = (key: string, allowed: readonly unknown[], expected: string): void => {
    if (!allowed.includes(raw[key])) throw unsupported(expected, `${key}: ${show(raw[key])}`);
  };
  const count = (key: string): number => {
    const value = raw[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw unsupported(`${key} as a positive whole number`, `${key}: ${show(value)}`);
  };
  requireValue("model_type", ["gpt2"], 'model_type: "gpt2"');
  requireValue("activation_function", [undefined, "gelu_new", "gelu_pytorch_tanh"], 'activation_function: "gelu_new"');
  requireValue("scale_attn_weights", [undefined, true], "scale_attn_weights: true");
  requireValue("scale_attn_by_inverse_layer_idx", [undefined, false], "scale_attn_by_inverse_layer_idx: false");
  requireValue("add_cross_attention", [undefined, false], "add_cross_attention: false");
  const width = count("n_embd");
  const numHeads = count("n_head");
  if (width % numHeads !== 0) throw unsupported("n_embd divisible by n_head", `${width} and ${numHeads}`);
  const epsilon = raw["layer_norm_epsilon"] ?? 1e-5;
  if (typeof epsilon !== "number") throw unsupported("layer_norm_epsilon as a number", JSON.stringify(epsilon));
  const endOfText = raw["eos_token_id"];
  return {
    numLayers: count("n_layer"),
    width,
    numHeads,
    numPositions: count("n_positions"),
    vocabularySize: count("vocab_size"),
    innerWidth: typeof raw["n_inner"] === "number" ? count("n_inner") : 4 * width,
    layerNormEpsilon: epsilon,
    isTied: raw["tie_word_embeddings"] !== false,
    endOfTextId: typeof endOfText === "number" ? endOfText : undefined,
  };
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function parseJsonObject(file: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  let cause: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new SwitchyardError("MODEL_UNSUPPORTED", "The checkpoint's config.json is not a JSON object.", {
    where: file,
    received: JSON.stringify(text.slice(0, 40)),
    next: "Get the file again.",
    cause,
  });
}
