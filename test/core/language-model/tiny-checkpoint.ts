/** Makes GPT-2 checkpoints of a few numbers, in any of the published layouts, for tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import type { WritableTensor } from "../../../core/data/safetensors.ts";
import { createRng } from "../../../core/model/rng.ts";

export const tinyConfig = {
  model_type: "gpt2",
  n_layer: 2,
  n_embd: 8,
  n_head: 2,
  n_positions: 16,
  vocab_size: 20,
  eos_token_id: 19,
  activation_function: "gelu_new",
};

export interface CheckpointOptions {
  readonly prefix?: string;
  readonly dtype?: "F32" | "F16" | "BF16";
  readonly config?: Readonly<Record<string, unknown>>;
  /** Writes this many shards and an index. */
  readonly shards?: number;
  /** Adds an output layer of its own, ones everywhere but in column 0. */
  readonly head?: boolean;
  /** Changes the tensors before they are written. */
  readonly change?: (tensors: Map<string, WritableTensor>) => void;
}

/** @returns `folder`, with config.json and weights in it. The weights depend on the tensors' names alone. */
export async function writeCheckpoint(folder: string, options: CheckpointOptions = {}): Promise<string> {
  const { prefix = "", dtype = "F32", shards = 1 } = options;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...tinyConfig, ...options.config }));
  const tensors = new Map<string, WritableTensor>();
  const add = (name: string, ...shape: number[]): void => {
    const stream = createRng(0).stream(name);
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => Math.round(stream.normal() * 128) / 512);
    tensors.set(`${prefix}${name}`, { shape, data, dtype });
  };
  const { n_embd: D, vocab_size: V, n_positions: T } = tinyConfig;
  add("wte.weight", V, D);
  add("wpe.weight", T, D);
  for (let layer = 0; layer < tinyConfig.n_layer; layer++) {
    const linear: readonly [string, number, number][] = [
      ["attn.c_attn", D, 3 * D],
      ["attn.c_proj", D, D],
      ["mlp.c_fc", D, 4 * D],
      ["mlp.c_proj", 4 * D, D],
    ];
    for (const [name, inputs, outputs] of linear) {
      add(`h.${layer}.${name}.weight`, inputs, outputs);
      add(`h.${layer}.${name}.bias`, outputs);
    }
    for (const name of ["ln_1", "ln_2"]) {
      add(`h.${layer}.${name}.weight`, D);
      add(`h.${layer}.${name}.bias`, D);
    }
    // Published checkpoints carry the causal mask, too.
    tensors.set(`${prefix}h.${layer}.attn.bias`, { shape: [1, 1, T, T], data: new Uint8Array(T * T), dtype: "BOOL" });
  }
  add("ln_f.weight", D);
  add("ln_f.bias", D);
  if (options.head === true) {
    const data = Float32Array.from({ length: V * D }, (_, i) => (i % D === 0 ? Math.floor(i / D) / V : 1));
    tensors.set("lm_head.weight", { shape: [V, D], data, dtype });
  }
  options.change?.(tensors);
  if (shards === 1) await writeSafetensors(join(folder, "model.safetensors"), tensors);
  else await writeShards(folder, tensors, shards);
  return folder;
}

async function writeShards(folder: string, tensors: ReadonlyMap<string, WritableTensor>, count: number): Promise<void> {
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < count; shard++) {
    const file = `model-0000${shard + 1}-of-0000${count}.safetensors`;
    const part = new Map([...tensors].filter((_, i) => i % count === shard));
    for (const name of part.keys()) weightMap[name] = file;
    await writeSafetensors(join(folder, file), part);
  }
  const index = { metadata: { total_size: 0 }, weight_map: weightMap };
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
}
