import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { ActivationSource, SourceFacts } from "../../../core/data/contracts.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import { activations } from "../../../plugins/source/activations.ts";
import { rejectsWith } from "../../core/data/expect-error.ts";
import { writeNpy } from "../../core/data/npy-file.ts";
import { temporaryFolder } from "../../core/data/temporary-folder.ts";
import { suite } from "../../suite.ts";

const folder = temporaryFolder();
const paths = { projectFolder: folder, cacheFolder: join(folder, "cache") };
mkdirSync(join(folder, "shards"));

function counting(start: number, rows: number, width: number): Float32Array {
  return Float32Array.from({ length: rows * width }, (_, i) => start * width + i);
}

await writeSafetensors(join(folder, "shards", "0.safetensors"), { acts: { shape: [40, 2], data: counting(0, 40, 2) } });
await writeSafetensors(join(folder, "shards", "1.safetensors"), {
  acts: { shape: [50, 2], data: counting(40, 50, 2), dtype: "F16" },
});
writeNpy(join(folder, "shards", "2.npy"), { descr: "<f4", shape: [10, 2], data: counting(90, 10, 2) });
await writeSafetensors(join(folder, "wide.safetensors"), { acts: { shape: [5, 3], data: counting(0, 5, 3) } });
const broken = counting(0, 5, 2);
broken[7] = Number.NaN;
await writeSafetensors(join(folder, "nan.safetensors"), { acts: { shape: [5, 2], data: broken } });

interface Options {
  readonly paths: string[];
  readonly tensor?: string;
  readonly heldOutRows?: number;
  readonly heldOutFraction: number;
  readonly maxRows?: number;
}
const base: Options = { paths: ["shards"], heldOutFraction: 0.05 };

async function open(change: Partial<Options> = {}): Promise<ActivationSource> {
  return activations.create({ ...base, ...change }, { paths });
}

async function factsOf(change: Partial<Options> = {}): Promise<SourceFacts> {
  return activations.facts!({ ...base, ...change }, paths);
}

async function first(store: ActivationSource["train"], row: number): Promise<number | undefined> {
  const into = new Float32Array(store.width);
  await store.read(row, 1, into);
  return into[0];
}

suite("source/activations", (test) => {
  test("reads shards of both formats as one source, the last rows held out", async () => {
    const source = await open();
    assert.equal([source.width, source.train.numRows, source.heldOut.numRows], [2, 95, 5]);
    for (const row of [0, 39, 40, 89, 94]) assert.is(await first(source.train, row), row * 2);
    assert.is(await first(source.heldOut, 0), 190);
    assert.is(await first(source.heldOut, 4), 198);
  });

  test("takes fewer rows and holds out a number of them on request", async () => {
    const source = await open({
      maxRows: 50,
      heldOutRows: 12,
      tensor: "acts",
      paths: ["shards/0.safetensors", "shards/1.safetensors"],
    });
    assert.equal([source.train.numRows, source.heldOut.numRows], [38, 12]);
    assert.is(await first(source.heldOut, 11), 98);
    assert.is((await open({ maxRows: 1000 })).train.numRows, 95);
  });

  test("knows its facts from headers and digests", async () => {
    const facts = await factsOf();
    assert.is(facts.width, 2);
    assert.is(facts.description, "100 rows in 3 files");
    assert.match(facts.fingerprint, /^[0-9a-f]{64}$/);
  });

  test("has a fingerprint of contents and split, not of names", async () => {
    const one = await factsOf({ paths: ["shards/0.safetensors"] });
    const copied = join(folder, "copied.safetensors");
    await writeSafetensors(copied, { acts: { shape: [40, 2], data: counting(0, 40, 2) } });
    assert.is((await factsOf({ paths: [copied] })).fingerprint, one.fingerprint);
    await writeSafetensors(copied, { acts: { shape: [40, 2], data: counting(1, 40, 2) } });
    assert.is.not((await factsOf({ paths: [copied] })).fingerprint, one.fingerprint);
    const variants = await Promise.all(
      [
        {},
        { heldOutRows: 5 },
        { heldOutFraction: 0.1 },
        { maxRows: 99 },
        { paths: ["shards/1.safetensors", "shards"] },
      ].map(factsOf),
    );
    assert.is(new Set(variants.map(({ fingerprint }) => fingerprint)).size, 5);
  });

  test("refuses shards of different width", async () => {
    const error = await rejectsWith("WIDTHS_DIFFER", factsOf({ paths: ["shards", "wide.safetensors"] }));
    assert.match(error.where ?? "", /wide\.safetensors/);
    await rejectsWith("WIDTHS_DIFFER", open({ paths: ["shards", "wide.safetensors"] }));
  });

  test("stops at a number that is not finite when its row is read", async () => {
    const source = await open({ paths: ["nan.safetensors"], heldOutFraction: 0 });
    assert.is(await first(source.train, 2), 4);
    const error = await rejectsWith("DATA_NOT_FINITE", first(source.train, 3));
    assert.match(error.where ?? "", /nan\.safetensors, row 3, column 1/);
  });

  test("refuses missing files, missing tensors and a split without training rows", async () => {
    await rejectsWith("FILE_MISSING", factsOf({ paths: ["nowhere"] }));
    await rejectsWith("TENSOR_MISSING", factsOf({ paths: ["wide.safetensors"], tensor: "x" }));
    await rejectsWith("SOURCE_OPTIONS", factsOf({ heldOutRows: 100 }));
    await rejectsWith("SOURCE_OPTIONS", open({ heldOutRows: 100 }));
  });
});
