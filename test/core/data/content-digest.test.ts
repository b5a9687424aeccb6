import { chmodSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { digestFile, digestText, digestValue } from "../../../core/data/content-digest.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A file large enough to be remembered. */
function largeFile(folder: string, fill: number): string {
  const file = join(folder, "large.bin");
  writeFileSync(file, Buffer.alloc(1_200_000, fill));
  return file;
}

suite("content-digest", (test) => {
  test("is the sha256 of the contents", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "small");
    writeFileSync(file, "abc");
    // The test vector of FIPS 180-2.
    const known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.is(await digestFile(file, folder), known);
    assert.is(digestText("abc"), known);
    assert.is(
      await digestFile("data/tiny-gpt2/model.safetensors"),
      sha256(readFileSync("data/tiny-gpt2/model.safetensors")),
    );
  });

  test("remembers large files and forgets them when they change", async () => {
    const folder = temporaryFolder();
    const file = largeFile(folder, 1);
    const cache = join(folder, "cache");
    assert.is(await digestFile(file, cache), sha256(readFileSync(file)));
    const [entry] = readdirSync(join(cache, "digests"));
    // A forged memory shows that it is used ...
    const remembered = join(cache, "digests", entry!);
    writeFileSync(remembered, readFileSync(remembered, "utf8").replace(/"digest":"[^"]*"/, '"digest":"remembered"'));
    assert.is(await digestFile(file, cache), "remembered");
    // ... and that another content of the same size is hashed again.
    largeFile(folder, 2);
    assert.is(await digestFile(file, cache), sha256(readFileSync(file)));
    // So is a file whose modification time alone has changed.
    utimesSync(file, new Date(0), new Date(0));
    assert.is(statSync(file).mtimeMs, 0);
    assert.is(await digestFile(file, cache), sha256(readFileSync(file)));
  });

  test("survives a damaged memory and a cache folder that cannot be written", async () => {
    const folder = temporaryFolder();
    const file = largeFile(folder, 3);
    const cache = join(folder, "cache");
    const expected = await digestFile(file, cache);
    const [entry] = readdirSync(join(cache, "digests"));
    for (const content of ["", "{", "null", '{"state": 3}', `{"state":"x","digest":"wrong"}`]) {
      writeFileSync(join(cache, "digests", entry!), content);
      assert.is(await digestFile(file, cache), expected);
    }
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "a file where the cache folder should be");
    chmodSync(blocked, 0o444);
    assert.is(await digestFile(file, blocked), expected);
  });

  test("says that a file is missing", async () => {
    await rejectsWith("FILE_MISSING", digestFile("/nowhere/at/all"));
  });

  test("of values does not depend on the order of keys, but on everything else", () => {
    assert.is(digestValue({ a: 1, b: { c: [1, 2], d: "x" } }), digestValue({ b: { d: "x", c: [1, 2] }, a: 1 }));
    const variants = [
      { a: 1 },
      { a: 2 },
      { a: "1" },
      { b: 1 },
      { a: [1] },
      { a: [1, 2] },
      { a: [2, 1] },
      { a: null },
      {},
    ];
    assert.is(new Set(variants.map(digestValue)).size, variants.length);
    assert.is(digestValue({ a: undefined }), digestValue({}));
  });
});
