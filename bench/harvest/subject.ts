/**
 * The language models whose harvest is measured: the small GPT-2 that the quickstart harvests, at the quickstart's hook,
 * and one of GPT-2 small's size at the paper's hook, with random weights, because a forward pass takes as long with them.
 *
 * Shapes: D width, V vocabulary, T positions.
 */
import { join } from "node:path";
import { writeSafetensors } from "../../core/data/safetensors.ts";
import { readGpt2Tensors, type Gpt2Tensors } from "../../core/language-model/checkpoint.ts";
import { readGpt2Config, type Gpt2Config } from "../../core/language-model/gpt2-config.ts";
import type { HookPoint } from "../../core/language-model/hook-points.ts";
import { createRng } from "../../core/model/rng.ts";
import { packageRoot } from "../../core/package-root.ts";

export const subjectNames = ["tiny-gpt2", "gpt2-small"] as const;
export type SubjectName = (typeof subjectNames)[number];

export interface Subject {
  readonly config: Gpt2Config;
  readonly tensors: Gpt2Tensors;
  /** The same weights as a safetensors file. */
  readonly weightsFile: string;
  readonly hook: HookPoint;
}

/** Tokens of a context, and its first positions that give no row: what the source `gpt2` does by default. */
export const contextLength = 128;
export const skippedPositions = 1;

/** @param folder Where weights that were made up are written. */
export function openSubject(name: SubjectName, folder: string): Promise<Subject> {
  return name === "tiny-gpt2" ? openTiny() : makeSmall(folder);
}

async function openTiny(): Promise<Subject> {
  const folder = join(packageRoot, "data", "tiny-gpt2");
  const config = await readGpt2Config(folder);
  const tensors = await readGpt2Tensors(folder, config);
  const hook = { layer: 2, name: "resid-post" } as const; // configs/quickstart.yaml
  return { config, tensors, weightsFile: join(folder, "model.safetensors"), hook };
}

async function makeSmall(folder: string): Promise<Subject> {
  const hook = { layer: 8, name: "resid-post" } as const; // configs/base/gpt2-small.yaml
  const config: Gpt2Config = {
    // The three blocks after the hook never run in a harvest.
    numLayers: hook.layer + 1,
    ...{ width: 768, numHeads: 12, numPositions: 1024, vocabularySize: 50257, innerWidth: 3072 },
    ...{ layerNormEpsilon: 1e-5, isTied: true, endOfTextId: 50256 },
  };
  const tensors = randomTensors(config);
  const weightsFile = join(folder, "model.safetensors");
  await writeSafetensors(weightsFile, tensors);
  return { config, tensors, weightsFile, hook };
}

/** Weights uniform with the standard deviation of GPT-2's initialisation, 0.02; gains around 1. */
export function randomTensors({
  numLayers,
  width: D,
  innerWidth,
  vocabularySize,
  numPositions,
}: Gpt2Config): Gpt2Tensors {
  const stream = createRng(0).stream("weights");
  const bound = 0.02 * Math.sqrt(3);
  const tensors = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  const add = (name: string, shape: readonly number[], mean = 0): void => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => mean + bound * (2 * stream.uniform() - 1));
    tensors.set(name, { shape, data });
  };
  const addLinear = (name: string, inputs: number, outputs: number): void => {
    add(`${name}.weight`, [inputs, outputs]);
    add(`${name}.bias`, [outputs]);
  };
  const addNorm = (name: string): void => {
    add(`${name}.weight`, [D], 1);
    add(`${name}.bias`, [D]);
  };
  add("wte.weight", [vocabularySize, D]);
  add("wpe.weight", [numPositions, D]);
  for (let layer = 0; layer < numLayers; layer++) {
    addNorm(`h.${layer}.ln_1`);
    addLinear(`h.${layer}.attn.c_attn`, D, 3 * D);
    addLinear(`h.${layer}.attn.c_proj`, D, D);
    addNorm(`h.${layer}.ln_2`);
    addLinear(`h.${layer}.mlp.c_fc`, D, innerWidth);
    addLinear(`h.${layer}.mlp.c_proj`, innerWidth, D);
  }
  addNorm("ln_f");
  return tensors;
}
