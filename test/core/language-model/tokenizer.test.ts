import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../../core/data/safetensors.ts";
import { loadTokenizer } from "../../../core/language-model/tokenizer.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";

const tokenizer = await loadTokenizer("data/tiny-gpt2");
const endOfTextId = 4095;

suite("tokenizer", (test) => {
  test("decodes what it encoded to the same text, for every shipped novel", () => {
    const files = readdirSync("data/text");
    assert.is(files.length, 4);
    let numTokens = 0;
    for (const file of files) {
      const text = readFileSync(join("data/text", file), "utf8");
      const ids = tokenizer.encode(text);
      assert.ok(tokenizer.decode(ids) === text, file);
      assert.ok(ids.every((id) => id >= 0 && id < endOfTextId));
      numTokens += ids.length;
    }
    assert.ok(numTokens > 480_000 && numTokens < 520_000, `${numTokens} tokens`);
  });

  test("encodes the decoded contexts of the reference to the very ids that the model was run on", async () => {
    const { tensors } = await readSafetensors("test/data/tiny-gpt2-fixture.safetensors");
    const ids = [...Int32Array.from(tensors.get("ids")!.data, Number)];
    for (let context = 0; context < 4; context++) {
      const expected = ids.slice(context * 128, (context + 1) * 128);
      const text = tokenizer.decode(expected);
      assert.match(text, /[a-z]{3,} [a-z]{2,}/);
      assert.equal(tokenizer.encode(text), expected);
    }
  });

  test("keeps any bytes: control characters, other scripts, runs of white space", () => {
    for (const text of ["", "a\u0000b", "\ud83d\ude00 \u4e2d\u6587", "  two\n\n\n lines \t\r\n", "caf\u00e9's I'll"]) {
      assert.is(tokenizer.decode(tokenizer.encode(text)), text);
    }
  });

  test("reads the end-of-text token as one token and adds none by itself", () => {
    assert.equal(tokenizer.encode("a<|endoftext|>b"), [64, endOfTextId, 65]);
    assert.equal(tokenizer.encode(""), []);
    assert.is(tokenizer.decode([64, endOfTextId, 65]), "a<|endoftext|>b");
  });

  test("prefers tokenizer.json where there is one", async () => {
    const folder = temporaryFolder();
    for (const name of ["vocab.json", "merges.txt"]) copyFileSync(join("data/tiny-gpt2", name), join(folder, name));
    const words = {
      model: { type: "WordLevel", vocab: { hello: 0, world: 1, "[UNK]": 2 }, unk_token: "[UNK]" },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      decoder: { type: "ByteLevel" },
      added_tokens: [],
      normalizer: null,
      post_processor: null,
    };
    const bytes = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"], unk_token: null };
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify({ ...words, model: bytes }));
    assert.equal((await loadTokenizer(folder)).encode("abba"), [2, 1, 0]);
  });

  test("says which files are needed when they are missing or broken", async () => {
    const folder = temporaryFolder();
    const missing = await rejectsWith("TOKENIZER_UNUSABLE", loadTokenizer(folder));
    assert.match(missing.expected ?? "", /tokenizer\.json, or vocab\.json and merges\.txt/);
    copyFileSync("data/tiny-gpt2/vocab.json", join(folder, "vocab.json"));
    await rejectsWith("TOKENIZER_UNUSABLE", loadTokenizer(folder));
    writeFileSync(join(folder, "tokenizer.json"), "{");
    const broken = await rejectsWith("TOKENIZER_UNUSABLE", loadTokenizer(folder));
    assert.match(broken.received ?? "", /JSON/);
    assert.is(broken.where, folder);
  });
});
