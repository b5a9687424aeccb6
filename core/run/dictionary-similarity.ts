/**
 * How alike the dictionaries of two runs are: what differs between seeds is what training did not learn from the data.
 *
 *   MMCS(a, b) = mean over decoder rows i of a of max_j cos(a_i, b_j)
 *
 * Not symmetric: a small dictionary may lie within a large one. Every feature counts, dead ones too.
 *
 * Shapes: F features, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import { join } from "node:path";
import { readSafetensors } from "../data/safetensors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { nearestCosines } from "../evaluation/nearest-rows.ts";
import { checkpointName, checkpointsFolder, listCheckpoints } from "./layout.ts";
import type { RunSummary } from "./run-summary.ts";

/** What is read of a run. */
export type ComparedRun = Pick<RunSummary, "name" | "folder">;

export interface PairSimilarity<Run extends ComparedRun = ComparedRun> {
  readonly a: Run;
  readonly b: Run;
  /** MMCS(a, b): how well b knows the features of a. */
  readonly aInB: number;
  /** MMCS(b, a) */
  readonly bInA: number;
  /** Finished steps of the checkpoints that were compared. */
  readonly steps: readonly [a: number, b: number];
}

interface Dictionary {
  readonly decoder_FD: tf.Tensor2D;
  readonly file: string;
  readonly step: number;
}

/**
 * Compares the newest checkpoints of every two runs, of which two are in memory at a time.
 * @throws SwitchyardError NO_CHECKPOINT, CHECKPOINT_NOT_RECOGNISED, DICTIONARIES_DIFFER; what the disk reports
 */
export async function compareDictionaries<Run extends ComparedRun>(
  tensorFlow: typeof tf,
  runs: readonly Run[],
): Promise<readonly PairSimilarity<Run>[]> {
  const pairs: PairSimilarity<Run>[] = [];
  for (const [i, a] of runs.entries()) {
    const others = runs.slice(i + 1);
    if (others.length === 0) break;
    const first = await readDictionary(tensorFlow, a);
    try {
      for (const b of others) {
        const second = await readDictionary(tensorFlow, b);
        try {
          pairs.push({ a, b, ...(await compareTwo(tensorFlow, first, second)) });
        } finally {
          second.decoder_FD.dispose();
        }
      }
    } finally {
      first.decoder_FD.dispose();
    }
  }
  return pairs;
}

async function compareTwo(tensorFlow: typeof tf, a: Dictionary, b: Dictionary) {
  const [widthA, widthB] = [a.decoder_FD.shape[1], b.decoder_FD.shape[1]];
  if (widthA !== widthB) {
    throw new SwitchyardError("DICTIONARIES_DIFFER", "Dictionaries of different widths cannot be compared.", {
      where: b.file,
      expected: `decoder rows of width ${widthA}, as in ${a.file}`,
      received: `width ${widthB}`,
      next: "Compare runs on activations of the same model and hook point.",
    });
  }
  const meanNearest = async (from: Dictionary, to: Dictionary): Promise<number> => {
    const nearest_F = await nearestCosines(tensorFlow, from.decoder_FD, to.decoder_FD);
    let sum = 0;
    for (const cosine of nearest_F) sum += cosine;
    return sum / nearest_F.length;
  };
  const steps: PairSimilarity["steps"] = [a.step, b.step];
  return { aInB: await meanNearest(a, b), bInA: await meanNearest(b, a), steps };
}

async function readDictionary(tensorFlow: typeof tf, { name, folder }: ComparedRun): Promise<Dictionary> {
  const [step] = listCheckpoints(folder);
  if (step === undefined) {
    throw new SwitchyardError("NO_CHECKPOINT", `The run ${name} has no checkpoint.`, {
      where: checkpointsFolder(folder),
      expected: "step-<number>.safetensors",
      received: "no such file",
      next: "Run it first; switchyard status shows how far runs are.",
    });
  }
  const file = join(checkpointsFolder(folder), checkpointName(step));
  const decoder = (await readSafetensors(file, (tensor) => tensor === "decoder")).tensors.get("decoder");
  const [features, width] = decoder?.shape ?? [];
  if (!(decoder?.data instanceof Float32Array) || features === undefined || width === undefined) {
    throw new SwitchyardError("CHECKPOINT_NOT_RECOGNISED", "The file is no Switchyard checkpoint.", {
      where: file,
      expected: "a tensor `decoder`, float32 [features, width]",
      received: decoder === undefined ? "no such tensor" : `${decoder.dtype} [${decoder.shape.join(", ")}]`,
      next: "point at a file in the checkpoints folder of a run",
    });
  }
  return { decoder_FD: tensorFlow.tensor2d(decoder.data, [features, width]), file, step };
}
