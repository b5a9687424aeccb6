/**
 * A trained run in memory: a small SAE with drawn parameters on the activations of a tiny GPT-2, and its code once more
 * in float64 and plain loops, as the reference of what inspection says of it.
 */
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import type { PluginChoice } from "../../../core/config/config.ts";
import { readGpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import { readGpt2Config } from "../../../core/language-model/gpt2-config.ts";
import type { Gpt2Config } from "../../../core/language-model/gpt2-config.ts";
import { createGpt2 } from "../../../core/language-model/gpt2.ts";
import { createInspection } from "../../../core/language-model/inspection.ts";
import { loadTokenizer } from "../../../core/language-model/tokenizer.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import type { TrainedRun } from "../../../core/run/open-trained-run.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { memoryStore } from "../evaluation/fixtures.ts";
import { referencePass } from "../language-model/gpt2-reference.ts";
import { writeCheckpoint } from "../language-model/tiny-checkpoint.ts";
import { makeModel, setParameter } from "../model/make-model.ts";
import { temporaryFolder, tinyConfig, tinyRun } from "../run/fixtures.ts";

export type Rows = readonly (readonly number[])[];

export const contextLength = 6;
export const excludedPositions = [0, 3];
export const hookPoint = "resid-post.0";

export interface MadeRun {
  readonly run: TrainedRun;
  readonly gpt2: { readonly config: Gpt2Config; readonly tensors: Gpt2Tensors };
  /** Token ids of the held-out contexts. */
  readonly contexts: Rows;
  /** Held-out rows, contexts in order, positions that are not excluded. */
  readonly rows: Rows;
  /** [F, D] */
  readonly decoder: Rows;
}

export interface MadeRunChoice {
  readonly numContexts?: number;
  readonly features?: number;
  readonly router?: PluginChoice;
  readonly expert?: PluginChoice;
  /** Rows evaluated at once. */
  readonly batchSize?: number;
  /** Leaves text and language model out. */
  readonly withoutText?: boolean;
}

export async function makeTrainedRun({ tf, kernels }: Device, choice: MadeRunChoice = {}): Promise<MadeRun> {
  const { numContexts = 7, features = 12, batchSize = 9 } = choice;
  const folder = await writeCheckpoint(join(temporaryFolder(), "tiny"));
  const config = await readGpt2Config(folder);
  const tensors = await readGpt2Tensors(folder, config);
  const gpt2 = createGpt2({ tf, kernels, config, tensors });
  const stream = createRng(5).stream("contexts");
  const contexts = Array.from({ length: numContexts }, () =>
    Array.from({ length: contextLength }, () => Math.floor(stream.uniform() * 20)),
  );
  const rows = contexts.flatMap((ids) =>
    referencePass(config, tensors, ids)
      .points.get(hookPoint)!
      .filter((_row, t) => !excludedPositions.includes(t)),
  );
  const model = makeModel({
    ...{ tf, kernels, width: 8, features },
    router: choice.router ?? { type: "switch", experts: 3, gate: "softmax", bias: "separate" },
    expert: choice.expert ?? { type: "top-k", k: 2 },
  });
  for (const { name, variable } of model.parameters.all) {
    const random = createRng(9).stream(name);
    // Biases near zero: rows then differ in which features they have.
    const scale = name.endsWith("bias") ? 0.1 : 1;
    setParameter(
      tf,
      model,
      name,
      Float32Array.from({ length: variable.size }, () => scale * random.normal()),
    );
  }
  const inspection = createInspection({
    ...{ tf, config, model: () => Promise.resolve(gpt2), tokenizer: () => loadTokenizer(folder) },
    ...{ hook: { layer: 0, name: "resid-post" }, ids: Int32Array.from(contexts.flat()), contextLength },
    excludePositions: excludedPositions,
  });
  const base = tinyConfig();
  const run: TrainedRun = {
    folder: temporaryFolder(),
    record: { format: 1, sweep: "tiny", ...tinyRun() },
    config: { ...base, evaluation: { ...base.evaluation, batchSize } },
    tf,
    model,
    source: {
      ...{ width: 8, train: memoryStore([], 8), heldOut: memoryStore(rows, 8) },
      ...(choice.withoutText === true ? {} : { inspection }),
    },
    step: 12,
    dispose: () => Promise.resolve(),
  };
  return { run, gpt2: { config, tensors }, contexts, rows, decoder: parameterRows(tf, model, "decoder") };
}

export function parameterRows(_tf: typeof tf, model: SparseAutoencoder, name: string): Rows {
  const variable = model.parameters.get(name);
  const values = [...variable.dataSync()];
  const width = variable.shape.at(-1) ?? 1;
  return Array.from({ length: values.length / width }, (_unused, i) => values.slice(i * width, (i + 1) * width));
}

/**
 * Feature -> value of a row's active features, as the papers write it: p_e* TopK(ReLU(W_enc (x - b_dec))) of expert
 * e* = argmax softmax(W_r (x - b_r)); without a router one expert and p = 1; without k all positive ones.
 */
export function referenceCode(made: MadeRun, x: readonly number[], k: number | undefined): ReadonlyMap<number, number> {
  const { model, tf } = made.run;
  const read = (name: string): Rows => parameterRows(tf, model, name);
  const minus = (bias: readonly number[]): readonly number[] => x.map((value, d) => value - bias[d]!);
  let [expert, gate] = [0, 1];
  if (model.parameters.has("router.weight")) {
    const scores = read("router.weight").map((row) => dot(row, minus(read("router.input_bias")[0]!)));
    const exponentials = scores.map((score) => Math.exp(score - Math.max(...scores)));
    expert = scores.indexOf(Math.max(...scores));
    gate = exponentials[expert]! / exponentials.reduce((sum, value) => sum + value, 0);
  }
  const M = model.shape.featuresPerExpert;
  const encoder = read("encoder").slice(expert * M, (expert + 1) * M);
  const active = encoder
    .map((row, j) => ({ feature: expert * M + j, value: gate * dot(row, minus(read("decoder_bias")[0]!)) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value);
  return new Map(active.slice(0, k).map(({ feature, value }) => [feature, value]));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

export function cosine(a: readonly number[], b: readonly number[]): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** [V] float64: W_U (gain * (d - mean(d))) or W_U d, less its mean. */
export function referenceEffect({ gpt2 }: MadeRun, direction: readonly number[], foldNorm: boolean): readonly number[] {
  const gain = gpt2.tensors.get("ln_f.weight")!.data;
  const unembedding = gpt2.tensors.get("wte.weight")!.data;
  const mean = direction.reduce((sum, value) => sum + value, 0) / direction.length;
  const moved = foldNorm ? direction.map((value, d) => (value - mean) * gain[d]!) : direction;
  const effects = Array.from({ length: 20 }, (_unused, v) => dot(moved, [...unembedding.subarray(v * 8, (v + 1) * 8)]));
  const level = effects.reduce((sum, value) => sum + value, 0) / effects.length;
  return effects.map((effect) => effect - level);
}
