import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import type { StoredTensor } from "../../../../core/data/safetensors.ts";
import { readTorchFile } from "../../../../core/data/torch/read-torch-file.ts";
import { entriesOf, isKind } from "../../../../core/data/torch/pickle-values.ts";
import type { PickleValue } from "../../../../core/data/torch/pickle-values.ts";
import { suite } from "../../../suite.ts";
import { rejectsWith } from "../expect-error.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const folder = fileURLToPath(new URL("../../interchange/fixtures/torch-types", import.meta.url));

interface Contents {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly entries: ReadonlyMap<unknown, PickleValue>;
}

async function contentsOf(file: string): Promise<Contents> {
  return readTorchFile(file, async (torch) => {
    const entries = entriesOf(torch.value);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, value] of entries)
      if (isKind(value, "tensor")) tensors.set(String(name), await torch.tensor(value));
    return { tensors, entries };
  });
}

const numbers = [0, 1, 2, 3, 100, 5];

/** What make-fixtures.py puts into each file: name -> type, shape, numbers. */
const expected: Readonly<
  Record<string, readonly [dtype: string, shape: readonly number[], values: readonly number[]]>
> = {
  float64: ["F64", [2, 3], numbers],
  float32: ["F32", [2, 3], numbers],
  float16: ["F16", [2, 3], numbers],
  bfloat16: ["BF16", [2, 3], numbers],
  int64: ["I64", [2, 3], numbers],
  int32: ["I32", [2, 3], numbers],
  int16: ["I16", [2, 3], numbers],
  int8: ["I8", [2, 3], numbers],
  uint8: ["U8", [2, 3], numbers],
  bool: ["BOOL", [2, 3], [0, 0, 1, 1, 1, 1]],
  permuted: [
    "F32",
    [4, 2, 3],
    [0, 1, 2, 3].flatMap((k) => [0, 1].flatMap((i) => [0, 1, 2].map((j) => 12 * i + 4 * j + k))),
  ],
  slice: ["F32", [3, 2], [13, 14, 17, 18, 21, 22]],
  scalar: ["I64", [], [7]],
  empty: ["F32", [0, 3], []],
  doubles: ["F64", [3, 2], [0, 3, 1, 4, 2, 5]],
  parameter: ["F32", [2], [1.5, -2.5]],
};

suite("files of torch.save", (test) => {
  for (const name of ["zip.pt", "legacy.pt", "protocol-4.pt", "deflated.pt"]) {
    test(`${name}: every type, views and plain values`, async () => {
      const { tensors, entries } = await contentsOf(join(folder, name));
      assert.equal([...tensors.keys()].sort(), Object.keys(expected).sort());
      for (const [key, [dtype, shape, values]] of Object.entries(expected)) {
        const tensor = tensors.get(key)!;
        assert.equal([tensor.dtype, [...tensor.shape]], [dtype, [...shape]], key);
        assert.equal(Array.from(tensor.data as ArrayLike<number | bigint>, Number), values, key);
      }
      const list = entriesOf(entries.get("nested")).get("list");
      assert.ok(isKind(list, "list"));
      assert.equal(list.items.slice(0, 5), [1, 2.5, "three", null, true]);
      const last = list.items[5];
      assert.ok(isKind(last, "tuple"));
      assert.equal(last.items, [4]);
    });
  }

  test("a byte changed in a tensor is a wrong checksum, at its place", async () => {
    const bytes = readFileSync(join(folder, "zip.pt"));
    const at = bytes.indexOf(Buffer.from(Float64Array.of(0, 1, 2, 3, 100, 5).buffer));
    assert.ok(at > 0);
    bytes[at + 30]! ^= 1;
    const error = await rejectsWith("TORCH_FILE_CORRUPT", contentsOf(written(bytes)));
    assert.match(error.where ?? "", new RegExp(`changed\\.pt, byte ${at}, zip/data/\\d+$`));
    assert.match(error.expected ?? "", /^checksum [0-9a-f]{8}$/);
  });

  test("a file that was cut off says so, whatever it kept", async () => {
    for (const name of ["zip.pt", "legacy.pt"]) {
      const bytes = readFileSync(join(folder, name));
      for (const share of [0.2, 0.6, 0.95]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        await contentsOf(written(cut)).then(
          () => {
            throw new Error("was read");
          },
          (error: unknown) => {
            assert.match(
              String(error),
              /\[(NOT_TORCH_FILE|TORCH_FILE_CORRUPT)\]\n {2}where {5}\S+changed\.pt, byte \d+/,
            );
          },
        );
      }
    }
  });

  test("other files are told apart", async () => {
    for (const text of [
      "",
      "PK",
      "<!doctype html>",
      "version https://git-lfs.github.com/spec/v1\n",
      "\x80\x02K\x01.",
    ]) {
      await rejectsWith("NOT_TORCH_FILE", contentsOf(written(Buffer.from(text, "latin1"))));
    }
    await rejectsWith("FILE_MISSING", contentsOf(join(folder, "nothing.pt")));
  });
});

const scratch = temporaryFolder();

function written(bytes: Uint8Array): string {
  const file = join(scratch, "changed.pt");
  writeFileSync(file, bytes);
  return file;
}
