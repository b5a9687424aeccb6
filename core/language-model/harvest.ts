/**
 * Runs contexts through a language model and stores the activations at a hook point: one row for every position that
 * is not excluded, contexts in order, positions ascending.
 *
 * Shapes: C contexts of a batch, T positions, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import { join } from "node:path";
import { digestFile } from "../data/content-digest.ts";
import type { SourceProgress } from "../data/contracts.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { createShardWriter } from "../data/shard-writer.ts";
import type { Precision } from "../data/shard-writer.ts";
import { tokensFile } from "./activation-cache.ts";
import type { CacheIndex } from "./activation-cache.ts";
import type { ContextSplit } from "./contexts.ts";
import type { Gpt2 } from "./gpt2.ts";
import type { HookPoint } from "./hook-points.ts";
import { includedRows } from "./spliced-positions.ts";

export interface HarvestOptions {
  readonly tf: typeof tf;
  readonly model: Gpt2;
  readonly hook: HookPoint;
  readonly contexts: ContextSplit;
  /** T */
  readonly contextLength: number;
  /** Positions that give no row. */
  readonly excludePositions: readonly number[];
  /** C */
  readonly batchContexts: number;
  readonly precision: Precision;
  readonly digest: string;
  readonly description: Readonly<Record<string, unknown>>;
  /** Folder that the files are written to. */
  readonly folder: string;
  readonly progress: SourceProgress;
}

/** Large enough for a disk, small enough to hold in memory while it fills. */
const maxShardBytes = 64 * 2 ** 20;

/** @throws SwitchyardError DATA_NOT_FINITE, DISK_FULL, FILE_UNWRITABLE */
export async function harvest(options: HarvestOptions): Promise<CacheIndex> {
  const { contexts, contextLength: T, folder, model, progress } = options;
  const writer = createShardWriter({
    folder,
    width: model.config.width,
    precision: options.precision,
    maxShardBytes,
  });
  const total = contexts.train.length + contexts.heldOut.length;
  let done = 0;
  for (const ids of [contexts.train, contexts.heldOut]) {
    for (let start = 0; start < ids.length; start += options.batchContexts * T) {
      const batch = ids.subarray(start, start + options.batchContexts * T);
      await writer.add(await activationsOf(batch, options));
      done += batch.length;
      progress(done, total, `harvesting ${options.hook.name} of layer ${options.hook.layer} (tokens)`);
    }
  }
  const shards = await writer.finish();
  const tokens = join(folder, tokensFile);
  await writeSafetensors(tokens, {
    train: { shape: [contexts.train.length / T, T], data: contexts.train },
    held_out: { shape: [contexts.heldOut.length / T, T], data: contexts.heldOut },
  });
  return {
    format: 1,
    digest: options.digest,
    width: model.config.width,
    contextLength: T,
    rowsPerContext: T - options.excludePositions.length,
    numTrainContexts: contexts.train.length / T,
    numHeldOutContexts: contexts.heldOut.length / T,
    shards,
    tokensSha256: await digestFile(tokens),
    description: options.description,
  };
}

async function activationsOf(ids: Int32Array, options: HarvestOptions): Promise<Float32Array> {
  const { tf: tensorFlow, model, contextLength, hook } = options;
  const numContexts = ids.length / contextLength;
  const rows = includedRows(numContexts, contextLength, options.excludePositions);
  const included = tensorFlow.tidy(() => {
    const { acts_ND } = model.toHook({ ids, numContexts, contextLength }, hook);
    return tensorFlow.gather(acts_ND, tensorFlow.tensor1d(rows, "int32"));
  });
  const values = await included.data<"float32">();
  included.dispose();
  return values;
}
