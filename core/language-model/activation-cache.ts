/**
 * The content-addressed cache of harvested activations: <cacheFolder>/activations/<digest>/ with numbered shards, the
 * token ids of all contexts, and index.json. It is written under a temporary name and renamed when complete, so an
 * entry is whole or absent; of two processes that harvest the same, the first rename wins. Every file's sha256 is in
 * the index and is compared when an entry is opened: a damaged one is moved away and harvested again.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { syncFolder, writeAtomically } from "../data/atomic-file.ts";
import { digestFile } from "../data/content-digest.ts";
import type { RowStore } from "../data/contracts.ts";
import { writeError } from "../data/file-errors.ts";
import { openRowFile } from "../data/row-file.ts";
import { readSafetensors } from "../data/safetensors.ts";
import { createShardedStore } from "../data/sharded-store.ts";
import { shardTensor } from "../data/shard-writer.ts";
import type { ShardRecord } from "../data/shard-writer.ts";
import type { ContextSplit } from "./contexts.ts";

/** index.json. Raise the number when the layout changes: older entries are then harvested again. */
export interface CacheIndex {
  readonly format: 1;
  readonly digest: string;
  /** D */
  readonly width: number;
  readonly contextLength: number;
  /** Positions of a context that gave a row. */
  readonly rowsPerContext: number;
  readonly numTrainContexts: number;
  readonly numHeldOutContexts: number;
  /** Rows of the training contexts, then of the held-out ones. */
  readonly shards: readonly ShardRecord[];
  /** sha256 of tokens.safetensors. */
  readonly tokensSha256: string;
  /** For people: model, layer, hook, texts. */
  readonly description: Readonly<Record<string, unknown>>;
}

export interface CachedActivations {
  readonly index: CacheIndex;
  /** Rows of all contexts, training ones first. */
  readonly rows: RowStore;
  readonly tokens: ContextSplit;
}

export const tokensFile = "tokens.safetensors";

/** @returns Folder of an entry; it need not exist. */
export function cacheEntryFolder(cacheFolder: string, digest: string): string {
  return join(cacheFolder, "activations", digest);
}

/** @returns The entry, or undefined when there is none or it is damaged. */
export async function openCacheEntry(cacheFolder: string, digest: string): Promise<CachedActivations | undefined> {
  const folder = cacheEntryFolder(cacheFolder, digest);
  try {
    const index = parseIndex(await readFile(join(folder, "index.json"), "utf8"));
    if (index.digest !== digest) return undefined;
    const files = [...index.shards, { file: tokensFile, sha256: index.tokensSha256 }];
    for (const { file, sha256 } of files) {
      if ((await digestFile(join(folder, file), cacheFolder)) !== sha256) return undefined;
    }
    const shards = await Promise.all(index.shards.map(({ file }) => openRowFile(join(folder, file), shardTensor)));
    const { tensors } = await readSafetensors(join(folder, tokensFile));
    const train = tensors.get("train")?.data;
    const heldOut = tensors.get("held_out")?.data;
    if (!(train instanceof Int32Array) || !(heldOut instanceof Int32Array)) return undefined;
    return { index, rows: createShardedStore(shards), tokens: { train, heldOut } };
  } catch (error) {
    if (isPassing(error)) throw error;
    // Missing, truncated, of another format: it cannot be used, and is made again.
    return undefined;
  }
}

/** Whether the trouble is the machine's and not the entry's: hours of harvest must not be thrown away for it. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return ["EACCES", "EIO", "EMFILE", "ENFILE", "ENOMEM", "EPERM"].includes(code) || isPassing(error.cause);
}

/**
 * Makes an entry: `fill` writes the files into the folder that it receives and returns the index, which is written
 * last. When another process finished the same entry meanwhile, that one is kept.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE, and whatever `fill` throws; nothing is left behind
 */
export async function createCacheEntry(
  cacheFolder: string,
  digest: string,
  fill: (folder: string) => Promise<CacheIndex>,
): Promise<void> {
  const folder = cacheEntryFolder(cacheFolder, digest);
  const parent = join(cacheFolder, "activations");
  const temporary = `${folder}.${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(temporary, { recursive: true });
    await removeAbandoned(parent, digest);
    const index = await fill(temporary);
    await writeAtomically(join(temporary, "index.json"), (handle) =>
      handle.writeFile(`${JSON.stringify(index, undefined, 2)}\n`),
    );
    await publish(temporary, cacheFolder, digest);
    await syncFolder(parent);
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function publish(temporary: string, cacheFolder: string, digest: string): Promise<void> {
  const folder = cacheEntryFolder(cacheFolder, digest);
  try {
    await rename(temporary, folder);
  } catch (error) {
    // Something is there already: a finished entry of another process, or a damaged one that this one replaces.
    if ((await openCacheEntry(cacheFolder, digest)) !== undefined) return;
    const damaged = `${temporary}.damaged`;
    await rename(folder, damaged).catch(() => {
      throw error;
    });
    await rename(temporary, folder);
    await rm(damaged, { recursive: true, force: true });
  }
}

/** Removes temporary folders of this entry whose process on this machine is gone. */
async function removeAbandoned(parent: string, digest: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${digest}.${hostname()}.`)) continue;
    const pid = Number(name.slice(digest.length + hostname().length + 2).split(".")[0]);
    if (!isRunning(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function parseIndex(text: string): CacheIndex {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && "format" in value && value.format === 1) {
    // Written by this module in this format; the files that it lists are checked against their digests.
    return value as CacheIndex;
  }
  throw new TypeError("another format");
}
