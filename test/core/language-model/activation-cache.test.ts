import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { digestFile } from "../../../core/data/content-digest.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { createShardWriter } from "../../../core/data/shard-writer.ts";
import { cacheEntryFolder, createCacheEntry, openCacheEntry } from "../../../core/language-model/activation-cache.ts";
import type { CacheIndex } from "../../../core/language-model/activation-cache.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";

const digest = "d1";

/** Writes two shards of rows that start at `first`, and the tokens. */
function filler(first: number): (folder: string) => Promise<CacheIndex> {
  return async (folder) => {
    const writer = createShardWriter({ folder, width: 2, precision: "float32", maxShardBytes: 3 * 8 });
    await writer.add(Float32Array.from({ length: 8 }, (_, i) => first + i));
    const shards = await writer.finish();
    const tokens = join(folder, "tokens.safetensors");
    await writeSafetensors(tokens, {
      train: { shape: [1, 2], data: Int32Array.of(1, 2) },
      held_out: { shape: [1, 2], data: Int32Array.of(3, 4) },
    });
    const tokensSha256 = await digestFile(tokens);
    const counts = { contextLength: 2, rowsPerContext: 2, numTrainContexts: 1, numHeldOutContexts: 1 };
    return { format: 1, digest, width: 2, ...counts, shards, tokensSha256, description: { by: "a test" } };
  };
}

async function firstNumber(cache: string): Promise<number | undefined> {
  const entry = await openCacheEntry(cache, digest);
  if (entry === undefined) return undefined;
  const row = new Float32Array(2);
  await entry.rows.read(0, 1, row);
  return row[0];
}

/** Names in the activations folder. */
const names = (cache: string): readonly string[] => readdirSync(join(cache, "activations"));

suite("activation-cache", (test) => {
  test("opens what was made, and nothing before", async () => {
    const cache = temporaryFolder();
    assert.is(await openCacheEntry(cache, digest), undefined);
    await createCacheEntry(cache, digest, filler(10));
    const entry = (await openCacheEntry(cache, digest))!;
    const rows = new Float32Array(8);
    await entry.rows.read(0, 4, rows);
    assert.equal([...rows], [10, 11, 12, 13, 14, 15, 16, 17]);
    assert.equal([...entry.tokens.train], [1, 2]);
    assert.equal([...entry.tokens.heldOut], [3, 4]);
    assert.is(entry.index.shards.length, 2);
    assert.equal(names(cache), [digest]);
  });

  test("does not open an entry in which any file is damaged, cut off or missing", async () => {
    const files = ["shard-00000.safetensors", "shard-00001.safetensors", "tokens.safetensors", "index.json"];
    for (const file of files) {
      for (const damage of ["flip", "cut", "remove"] as const) {
        const cache = temporaryFolder();
        await createCacheEntry(cache, digest, filler(0));
        const path = join(cacheEntryFolder(cache, digest), file);
        const bytes = readFileSync(path);
        if (damage === "flip") bytes[bytes.length - 3]! ^= 0x80;
        if (damage === "remove") rmSync(path);
        else writeFileSync(path, damage === "cut" ? bytes.subarray(0, -4) : bytes);
        assert.is(await openCacheEntry(cache, digest), undefined, `${file}, ${damage}`);
      }
    }
  });

  test("replaces a damaged entry by a new one", async () => {
    const cache = temporaryFolder();
    await createCacheEntry(cache, digest, filler(0));
    writeFileSync(join(cacheEntryFolder(cache, digest), "shard-00001.safetensors"), "garbage");
    await createCacheEntry(cache, digest, filler(50));
    assert.is(await firstNumber(cache), 50);
    assert.equal(names(cache), [digest]);
  });

  test("does not open an entry of another format or under another name", async () => {
    const cache = temporaryFolder();
    await createCacheEntry(cache, digest, filler(0));
    const index = join(cacheEntryFolder(cache, digest), "index.json");
    const text = readFileSync(index, "utf8");
    writeFileSync(index, text.replace('"format": 1', '"format": 2'));
    assert.is(await openCacheEntry(cache, digest), undefined);
    writeFileSync(index, text.replace('"digest": "d1"', '"digest": "d2"'));
    assert.is(await openCacheEntry(cache, digest), undefined);
  });

  test("of two that harvest at once the first to finish wins, and both go on", async () => {
    const cache = temporaryFolder();
    let finishFirst: () => void = () => undefined;
    const firstDone = new Promise<void>((resolve) => (finishFirst = resolve));
    const slow = createCacheEntry(cache, digest, async (folder) => {
      const index = await filler(1)(folder);
      await firstDone;
      return index;
    });
    await createCacheEntry(cache, digest, filler(2));
    finishFirst();
    await slow;
    assert.is(await firstNumber(cache), 2);
    assert.equal(names(cache), [digest]);
  });

  test("leaves nothing behind when harvesting fails", async () => {
    const cache = temporaryFolder();
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    await rejectsWith(
      "DISK_FULL",
      createCacheEntry(cache, digest, async (folder) => {
        await filler(0)(folder);
        throw full;
      }),
    );
    assert.equal(names(cache), []);
    assert.is(await openCacheEntry(cache, digest), undefined);
  });

  test("removes what a killed process of this machine left, and no living one's", async () => {
    const cache = temporaryFolder();
    const folderOf = (host: string, pid: number): string => `${digest}.${host}.${pid}.abcd.tmp`;
    // No process has the largest number; this test's own is alive; another machine's cannot be known.
    const [dead, alive, elsewhere] = [
      folderOf(hostname(), 2 ** 22 + 12345),
      folderOf(hostname(), process.pid),
      folderOf("another-machine", 2 ** 22 + 12345),
    ];
    for (const name of [dead, alive, elsewhere]) mkdirSync(join(cache, "activations", name), { recursive: true });
    await createCacheEntry(cache, digest, filler(0));
    assert.equal([...names(cache)].sort(), [digest, alive, elsewhere].sort());
    assert.not(existsSync(join(cache, "activations", dead)));
  });
});
