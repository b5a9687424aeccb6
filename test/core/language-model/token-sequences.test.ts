import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import type { WritableTensor } from "../../../core/data/safetensors.ts";
import { readTokenSequences } from "../../../core/language-model/token-sequences.ts";
import type { TokenSequence } from "../../../core/language-model/token-sequence.ts";
import type { SequenceOptions } from "../../../core/language-model/token-sequences.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { writeNpy } from "../data/npy-file.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";

const folder = temporaryFolder();
let numFiles = 0;

/** One token a character, its place in the alphabet. */
const letters: SequenceOptions = {
  tokenizer: () =>
    Promise.resolve({
      encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0) - 97),
      decode: (ids) => String.fromCharCode(...ids.map((id) => id + 97)),
    }),
  field: "text",
  endOfTextId: 26,
  vocabularySize: 27,
};

const noTokenizer: SequenceOptions = {
  ...letters,
  tokenizer: () => Promise.reject(new Error("a tokenizer was asked for")),
};

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, `${numFiles++}-${name}`);
  writeFileSync(path, content);
  return path;
}

async function safetensors(tensors: Readonly<Record<string, WritableTensor>>): Promise<string> {
  const path = join(folder, `${numFiles++}.safetensors`);
  await writeSafetensors(path, tensors);
  return path;
}

const idsOf = (sequences: readonly TokenSequence[]): readonly (readonly number[])[] =>
  sequences.map(({ ids }) => [...ids]);

suite("token-sequences", (test) => {
  test("a text file is one sequence, without its byte-order mark", async () => {
    assert.equal(idsOf(await readTokenSequences(file("a.txt", "abc"), letters)), [[0, 1, 2]]);
    assert.equal(idsOf(await readTokenSequences(file("b.TXT", "\ufeffab"), letters)), [[0, 1]]);
    assert.equal(idsOf(await readTokenSequences(file("empty.txt", ""), letters)), [[]]);
  });

  test("the documents of a .jsonl file are joined by the end-of-text token", async () => {
    const lines = file("a.jsonl", '{"text": "ab"}\n\n{"id": 1, "text": "c"}\r\n{"text": ""}\n{"text": "d"}');
    assert.equal(idsOf(await readTokenSequences(lines, letters)), [[0, 1, 26, 2, 26, 26, 3]]);
    assert.equal(idsOf(await readTokenSequences(lines, { ...letters, endOfTextId: undefined })), [[0, 1, 2, 3]]);
    const other = file("b.jsonl", '{"body": "ab", "text": 3}\n');
    assert.equal(idsOf(await readTokenSequences(other, { ...letters, field: "body" })), [[0, 1]]);
  });

  test("a bad line of a .jsonl file is told with file and line", async () => {
    const cases: readonly [string, number, RegExp][] = [
      ['{"text": "ab"}\n\n{"text": "a', 3, /\{"text": "a/],
      ['{"body": "ab", "title": "c"}\n', 1, /the fields body, title/],
      ['{"text": 3}\n', 1, /the fields text/],
      ['{"text": "a"}\n"text"\n', 2, /"text"|none/],
      ['{"text": "a"}\nnull\n', 2, /null/],
      ["{}", 1, /\(none\)/],
      ['{"text": "a"}\n{"__proto__": {"text": "b"}}\n', 2, /__proto__/],
    ];
    for (const [content, line, pattern] of cases) {
      const path = file("bad.jsonl", content);
      const error = await rejectsWith("TEXT_LINE_INVALID", readTokenSequences(path, letters));
      assert.is(error.where, `${path}:${line}`);
      assert.match(error.received ?? "", pattern);
      assert.is(error.expected, '{"text": "..."}');
    }
  });

  test("refuses bytes that are not UTF-8", async () => {
    const error = await rejectsWith(
      "TEXT_NOT_UTF8",
      readTokenSequences(file("latin1.txt", Uint8Array.of(0x63, 0x61, 0x66, 0xe9)), letters),
    );
    assert.match(error.next ?? "", /iconv/);
  });

  test("reads ids from safetensors and NumPy files, without a tokenizer", async () => {
    const shapes: readonly [WritableTensor, readonly (readonly number[])[]][] = [
      [{ shape: [3], data: Int32Array.of(1, 2, 3) }, [[1, 2, 3]]],
      [
        { shape: [2, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n) },
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [{ shape: [1, 3], data: Uint16Array.of(1, 2, 3) }, [[1, 2, 3]]],
    ];
    for (const [tensor, expected] of shapes) {
      assert.equal(idsOf(await readTokenSequences(await safetensors({ ids: tensor }), noTokenizer)), expected);
    }
    const npy = (descr: string, data: ArrayBufferView, shape: readonly number[]): string =>
      writeNpy(join(folder, `${numFiles++}.npy`), { descr, data, shape });
    const arrays = [npy("<i4", Int32Array.of(5, 6), [2]), npy("<i8", BigInt64Array.of(5n, 6n), [2])];
    for (const path of [...arrays, npy("<u2", Uint16Array.of(5, 6), [2])]) {
      assert.equal(idsOf(await readTokenSequences(path, noTokenizer)), [[5, 6]]);
    }
    const rows = await readTokenSequences(npy("<u4", Uint32Array.of(1, 2, 3, 4), [2, 2]), noTokenizer);
    assert.match(rows[1]!.where, /\.npy, row 1$/);
  });

  test("refuses files that hold something else than ids", async () => {
    const bad = [
      await safetensors({ x: { shape: [2], data: new Float32Array(2) } }),
      await safetensors({ x: { shape: [1, 1, 2], data: new Int32Array(2) } }),
      await safetensors({ x: { shape: [], data: new Int32Array(1) } }),
      await safetensors({ x: { shape: [1], data: new Int32Array(1) }, y: { shape: [1], data: new Int32Array(1) } }),
      await safetensors({}),
      writeNpy(join(folder, "floats.npy"), { descr: "<f4", data: new Float32Array(2), shape: [2] }),
    ];
    for (const path of bad) await rejectsWith("TOKENS_UNREADABLE", readTokenSequences(path, noTokenizer));
  });

  test("refuses ids outside of the vocabulary, and says where the first is", async () => {
    const path = await safetensors({ ids: { shape: [2, 2], data: Int32Array.of(1, 26, 26, 27) } });
    const error = await rejectsWith("TOKEN_OUT_OF_RANGE", readTokenSequences(path, noTokenizer));
    assert.is(error.where, `${path}, row 1, token 1`);
    assert.is(error.received, "27");
    assert.is(error.expected, "ids from 0 to 26");
    await rejectsWith("TOKEN_OUT_OF_RANGE", readTokenSequences(file("upper.txt", "aB"), letters));
  });

  test("says that a file is missing", async () => {
    for (const name of ["gone.txt", "gone.jsonl", "gone.npy", "gone.safetensors"]) {
      await rejectsWith("FILE_MISSING", readTokenSequences(join(folder, name), letters));
    }
  });
});
