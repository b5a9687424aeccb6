import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { digestFile } from "../../../core/data/content-digest.ts";
import { createShardWriter, shardTensor } from "../../../core/data/shard-writer.ts";
import type { ShardWriter } from "../../../core/data/shard-writer.ts";
import { openRowFile } from "../../../core/data/row-file.ts";
import { createShardedStore } from "../../../core/data/sharded-store.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const width = 4;

function writerOf(folder: string, precision: "float32" | "float16", maxShardBytes: number): ShardWriter {
  return createShardWriter({ folder, width, precision, maxShardBytes });
}

suite("shard-writer", (test) => {
  test("cuts rows into shards of bounded size, however they arrive", async () => {
    for (const [precision, bytesPerNumber] of [
      ["float32", 4],
      ["float16", 2],
    ] as const) {
      const folder = temporaryFolder();
      const writer = writerOf(folder, precision, 10 * width * bytesPerNumber);
      let next = 0;
      for (const numRows of [1, 9, 3, 0, 27, 5]) {
        await writer.add(Float32Array.from({ length: numRows * width }, () => next++));
      }
      const records = await writer.finish();
      assert.equal(
        records.map(({ file, numRows }) => [file, numRows]),
        [0, 1, 2, 3, 4].map((i) => [`shard-0000${i}.safetensors`, i < 4 ? 10 : 5]),
      );
      assert.equal(
        readdirSync(folder).sort(),
        records.map(({ file }) => file),
      );
      for (const { file, sha256 } of records) assert.is(await digestFile(join(folder, file)), sha256);
      const files = await Promise.all(records.map(({ file }) => openRowFile(join(folder, file), shardTensor)));
      const all = new Float32Array(45 * width);
      await createShardedStore(files).read(0, 45, all);
      assert.equal(
        all,
        Float32Array.from({ length: 45 * width }, (_, i) => i),
      );
      assert.ok(statSync(join(folder, "shard-00000.safetensors")).size < 10 * width * bytesPerNumber + 200);
    }
  });

  test("writes nothing when nothing came", async () => {
    const folder = temporaryFolder();
    assert.equal(await writerOf(folder, "float32", 1000).finish(), []);
    assert.equal(readdirSync(folder), []);
  });

  test("makes shards of one row when a row is larger than a shard may be", async () => {
    const folder = temporaryFolder();
    const writer = writerOf(folder, "float32", 1);
    await writer.add(new Float32Array(3 * width));
    assert.is((await writer.finish()).length, 3);
  });

  test("refuses what the precision cannot hold", async () => {
    const half = writerOf(temporaryFolder(), "float16", 1000);
    const error = await rejectsWith("DATA_NOT_FINITE", half.add(Float32Array.of(1, 2, 70000, 4)));
    assert.is(error.where, "column 2");
    assert.match(error.next ?? "", /precision to float32/);
    const single = writerOf(temporaryFolder(), "float32", 1000);
    await single.add(Float32Array.of(1, 2, 70000, 4));
    await rejectsWith("DATA_NOT_FINITE", single.add(Float32Array.of(1, Number.NaN, 3, 4)));
    await rejectsWith("DATA_NOT_FINITE", single.add(Float32Array.of(1, 2, 3, Number.NEGATIVE_INFINITY)));
  });
});
