/**
 * Passes of one language model up to its hook, PyTorch's and Switchyard's in turn, on the same tokens: from token ids to
 * the rows that a harvest stores, in host memory. The first pass of both must give the same activations.
 *
 * Shapes: C contexts, T positions, D width.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../../core/data/safetensors.ts";
import { createGpt2, type Gpt2 } from "../../core/language-model/gpt2.ts";
import { includedRows } from "../../core/language-model/spliced-positions.ts";
import { createRng } from "../../core/model/rng.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { CheckFailed } from "../program.ts";
import { startPython, type PythonProcess } from "../python/process.ts";
import { errorOverScale, type HarvestRun } from "./result.ts";
import { contextLength, openSubject, skippedPositions, type Subject, type SubjectName } from "./subject.ts";

export interface SubjectInput {
  readonly name: SubjectName;
  readonly device: Device;
  readonly interpreter: string;
  readonly threads: number;
  /** C of a pass. */
  readonly contexts: number;
  /** Passes of each that are timed. */
  readonly passes: number;
}

const warmups = 3;
const numBatches = 4;
const tolerance = 1e-3;

/** @throws CheckFailed when the activations differ. */
export async function runSubject(input: SubjectInput): Promise<HarvestRun & { readonly torch: unknown }> {
  const { name, device, interpreter, threads } = input;
  const folder = await mkdtemp(join(tmpdir(), "switchyard-harvest-"));
  const python = startPython(interpreter, "harvest/peer.py", [String(threads)]);
  try {
    const subject = await openSubject(name, folder);
    const batches = makeTokens(subject, input.contexts);
    const torch = await startPeer(python, subject, { batches, folder });
    const model = createGpt2({
      tf: device.tf,
      kernels: device.kernels,
      config: subject.config,
      tensors: subject.tensors,
    });
    const run = await harvestInTurn(input, {
      python,
      folder,
      batches,
      harvest: (ids) => harvest(device, { model, subject, ids }),
    });
    model.dispose();
    return { ...run, torch };
  } finally {
    await python.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function harvestInTurn(
  { name, contexts, passes }: SubjectInput,
  setting: {
    readonly python: PythonProcess;
    readonly folder: string;
    readonly batches: readonly Int32Array[];
    readonly harvest: (ids: Int32Array) => Promise<Float32Array>;
  },
): Promise<HarvestRun> {
  const { python, batches, folder } = setting;
  const file = join(folder, "acts.safetensors");
  const peerMs: number[] = [];
  const oursMs: number[] = [];
  let error = Number.NaN;
  for (let pass = 0; pass < warmups + passes; pass++) {
    const theirs = (await python.call("harvest", { index: pass, ...(pass === 0 ? { file } : {}) })) as { ms: number };
    const started = performance.now();
    const acts = await setting.harvest(batches[pass % batches.length] ?? new Int32Array());
    const ms = performance.now() - started;
    if (pass === 0) error = await checkActivations(name, acts, file);
    if (pass < warmups) continue;
    peerMs.push(theirs.ms);
    oursMs.push(ms);
  }
  return { model: name, tokens: contexts * contextLength, error, peerMs, oursMs };
}

async function checkActivations(name: SubjectName, acts: Float32Array, file: string): Promise<number> {
  const { tensors } = await readSafetensors(file);
  const error = errorOverScale(acts, Float32Array.from(tensors.get("acts")?.data ?? [], Number));
  if (error <= tolerance) return error;
  throw new CheckFailed(
    `The activations of ${name} differ from PyTorch's by ${error.toExponential(1)} of their scale, more than ${tolerance}`,
  );
}

/** What core/language-model/harvest.ts does with a batch of contexts before it writes the rows. */
async function harvest(
  { tf }: Device,
  { model, subject, ids }: { readonly model: Gpt2; readonly subject: Subject; readonly ids: Int32Array },
): Promise<Float32Array> {
  const numContexts = ids.length / contextLength;
  const skipped = Array.from({ length: skippedPositions }, (_, position) => position);
  const rows = includedRows(numContexts, contextLength, skipped);
  const included = tf.tidy(() => {
    const { acts_ND } = model.toHook({ ids, numContexts, contextLength }, subject.hook);
    return tf.gather(acts_ND, tf.tensor1d(rows, "int32"));
  });
  const values = await included.data<"float32">();
  included.dispose();
  return values;
}

/** @returns Batches of C * T random token ids. */
function makeTokens({ config }: Subject, contexts: number): readonly Int32Array[] {
  const stream = createRng(0).stream("tokens");
  const length = contexts * contextLength;
  return Array.from({ length: numBatches }, () =>
    Int32Array.from({ length }, () => stream.integer(config.vocabularySize)),
  );
}

async function startPeer(
  python: PythonProcess,
  { config, weightsFile, hook }: Subject,
  { batches, folder }: { readonly batches: readonly Int32Array[]; readonly folder: string },
): Promise<unknown> {
  const file = join(folder, "batches.safetensors");
  const shaped = batches.map((data, i) => {
    const shape = [data.length / contextLength, contextLength];
    return [String(i), { shape, data }] as const;
  });
  await writeSafetensors(file, new Map(shaped));
  return python.call("start", {
    ...{ model: weightsFile, batches: file, heads: config.numHeads, epsilon: config.layerNormEpsilon },
    ...{ layer: hook.layer, skipped: skippedPositions },
  });
}
