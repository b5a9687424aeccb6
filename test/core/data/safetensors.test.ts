import { copyFileSync, readFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from "../../../core/data/safetensors.ts";
import type { WritableTensor } from "../../../core/data/safetensors.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
let numFiles = 0;
const newFile = (): string => join(folder, `${numFiles++}.safetensors`);

/** A file of a header, written as given, and data. */
function write(header: unknown, dataBytes: number): string {
  const file = newFile();
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(file, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return file;
}

suite("safetensors", (test) => {
  test("reads a file of the Python library: names, types, shapes, values", async () => {
    const { tensors, metadata } = await readSafetensors("test/data/tiny-gpt2-fixture.safetensors");
    assert.equal(metadata, { note: "float32 PyTorch forward pass of the F16 weights" });
    const ids = tensors.get("ids")!;
    assert.equal([ids.dtype, ids.shape], ["I32", [4, 128]]);
    assert.equal([...ids.data.slice(0, 3)], [282, 363, 1515]);
    assert.equal(tensors.get("cross_entropy")!.data, Float64Array.of(4.199904441833496));
  });

  test("widens the half-precision weights of a checkpoint", async () => {
    const { tensors } = await readSafetensors("data/tiny-gpt2/model.safetensors", (name) => name === "wte.weight");
    assert.is(tensors.size, 1);
    const { dtype, shape, data } = tensors.get("wte.weight")!;
    assert.equal([dtype, shape], ["F16", [4096, 128]]);
    assert.instance(data, Float32Array);
    assert.equal([...data.slice(0, 2)], [-0.1324462890625, -0.11346435546875]);
  });

  test("gives back every type that it wrote", async () => {
    const file = newFile();
    const tensors: Record<string, WritableTensor> = {
      f32: { shape: [2, 2], data: Float32Array.of(1.5, -0, 3e38, 1e-40) },
      f64: { shape: [1], data: Float64Array.of(Math.PI) },
      i8: { shape: [3], data: Int8Array.of(-128, 0, 127) },
      i16: { shape: [2], data: Int16Array.of(-32768, 32767) },
      i32: { shape: [1], data: Int32Array.of(-2147483648) },
      i64: { shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
      u8: { shape: [1], data: Uint8Array.of(255) },
      u16: { shape: [1], data: Uint16Array.of(65535) },
      u32: { shape: [1], data: Uint32Array.of(4294967295) },
      u64: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      scalar: { shape: [], data: Float32Array.of(7) },
      none: { shape: [0, 5], data: new Float32Array(0) },
    };
    await writeSafetensors(file, tensors);
    const read = await readSafetensors(file);
    assert.is(read.tensors.size, Object.keys(tensors).length);
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      assert.equal(read.tensors.get(name)!.shape, shape, name);
      assert.equal(read.tensors.get(name)!.data, data, name);
    }
  });

  test("narrows to F16 and BF16 on request", async () => {
    const file = newFile();
    const data = Float32Array.of(1.0001, -2.5, 300.3);
    await writeSafetensors(file, {
      half: { shape: [3], data, dtype: "F16" },
      brain: { shape: [3], data, dtype: "BF16" },
    });
    const { tensors } = await readSafetensors(file);
    assert.is(tensors.get("half")!.dtype, "F16");
    assert.equal([...tensors.get("half")!.data], [1, -2.5, 300.25]);
    assert.equal([...tensors.get("brain")!.data], [1, -2.5, 300]);
  });

  test("writes the same bytes for the same tensors in any order", async () => {
    const [first, second] = [newFile(), newFile()];
    const a = { shape: [1], data: Uint8Array.of(1) };
    const b = { shape: [1], data: Float32Array.of(2) };
    await writeSafetensors(
      first,
      new Map<string, WritableTensor>([
        ["a", a],
        ["b", b],
      ]),
      { x: "1", y: "2" },
    );
    await writeSafetensors(second, { b, a }, { y: "2", x: "1" });
    assert.equal(readFileSync(first), readFileSync(second));
    const { tensors } = await readSafetensorsHeader(first);
    assert.is(tensors.get("b")!.offset % 8, 0, "the wide type comes first, aligned");
  });

  test("gives back any float32 matrix and any metadata, bit for bit", async () => {
    const file = newFile();
    const property = fc.asyncProperty(
      fc.float32Array({ maxLength: 40 }),
      fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
      async (data, metadata) => {
        await writeSafetensors(file, { "a name": { shape: [data.length], data } }, metadata);
        const read = await readSafetensors(file);
        const back = read.tensors.get("a name")!.data;
        assert.equal(Buffer.from(back.buffer), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
        assert.equal(Object.entries(read.metadata).sort(), Object.entries(metadata).sort());
      },
    );
    await fc.assert(property, { numRuns: 30, seed: 1 });
  });

  test("replaces a file whole and leaves no temporary files", async () => {
    const own = temporaryFolder();
    const file = join(own, "deep", "er", "x.safetensors");
    await writeSafetensors(file, { a: { shape: [1], data: Float32Array.of(1) } });
    await writeSafetensors(file, { a: { shape: [1], data: Float32Array.of(2) } });
    assert.equal((await readSafetensors(file)).tensors.get("a")!.data, Float32Array.of(2));
    assert.equal(readdirSync(join(own, "deep", "er")), ["x.safetensors"]);
  });

  test("refuses a tensor whose shape and data disagree, and writes nothing", async () => {
    const file = newFile();
    const error = await rejectsWith(
      "SAFETENSORS_CORRUPT",
      writeSafetensors(file, { bad: { shape: [2, 3], data: new Float32Array(5) } }),
    );
    assert.match(error.message, /tensor bad.*6 elements.*5 elements of F32/s);
    await rejectsWith("FILE_MISSING", readSafetensors(file));
    await rejectsWith(
      "SAFETENSORS_CORRUPT",
      writeSafetensors(file, { bad: { shape: [1], data: Int32Array.of(1), dtype: "F16" } }),
    );
  });

  test("says that a missing file is missing", async () => {
    const error = await rejectsWith("FILE_MISSING", readSafetensors(join(folder, "nowhere.safetensors")));
    assert.match(error.where ?? "", /nowhere\.safetensors$/);
  });

  test("says that a truncated file is truncated, at whatever byte it was cut", async () => {
    const size = readFileSync("data/tiny-gpt2/model.safetensors").length;
    for (const bytes of [size - 1, size - 100_000, 20_000]) {
      const file = newFile();
      copyFileSync("data/tiny-gpt2/model.safetensors", file);
      truncateSync(file, bytes);
      const error = await rejectsWith("SAFETENSORS_TRUNCATED", readSafetensorsHeader(file));
      assert.is(error.expected, `${size} bytes`);
      assert.match(error.received ?? "", new RegExp(`^${bytes} bytes: the file was cut off`));
    }
    for (const bytes of [1000, 8, 7, 0]) {
      const file = newFile();
      copyFileSync("data/tiny-gpt2/model.safetensors", file);
      truncateSync(file, bytes);
      await rejectsWith("NOT_SAFETENSORS", readSafetensorsHeader(file));
    }
  });

  test("says what is wrong with files of other kinds", async () => {
    const contents = [
      "PK\u0003\u0004 a zip or a PyTorch checkpoint, longer than eight bytes",
      "version https://git-lfs",
    ];
    for (const content of contents) {
      const file = newFile();
      writeFileSync(file, content);
      assert.match((await rejectsWith("NOT_SAFETENSORS", readSafetensorsHeader(file))).received ?? "", /header length/);
    }
    await rejectsWith("NOT_SAFETENSORS", readSafetensorsHeader(write("{not json}", 0)));
    await rejectsWith("NOT_SAFETENSORS", readSafetensorsHeader(write("[1,2,3]", 0)));
    await rejectsWith("FILE_UNREADABLE", readSafetensorsHeader(folder));
  });

  test("refuses headers that contradict themselves, and names the tensor", async () => {
    const entry = (dtype: unknown, shape: unknown, offsets: unknown): object => ({
      dtype,
      shape,
      data_offsets: offsets,
    });
    const cases: readonly [object, number, RegExp][] = [
      [{ a: entry("F32", [2], [0, 4]) }, 4, /tensor a.*8 bytes for F32 \[2\].*4 bytes/s],
      [{ a: entry("F32", [1], [0, 4]), b: entry("F32", [1], [2, 6]) }, 6, /tensor b.*overlap/s],
      [{ a: entry("F32", [1], [0, 4]), b: entry("F32", [1], [0, 4]) }, 4, /overlap/],
      [{ a: entry("F32", [1], [0, 4]), b: entry("F32", [1], [8, 12]) }, 12, /tensor b.*a gap/s],
      [{ a: entry("F32", [1], [4, 8]) }, 8, /tensor a.*a gap/s],
      [{ a: entry("F32", [1], [4, 0]) }, 4, /4 bytes for F32/],
      [{ a: entry("F99", [1], [0, 4]) }, 4, /dtype "F99"/],
      [{ a: entry("constructor", [1], [0, 4]) }, 4, /dtype "constructor"/],
      [{ a: entry("F32", [-1], [0, 4]) }, 4, /shape \[-1\]/],
      [{ a: entry("F32", [1.5], [0, 6]) }, 6, /shape \[1\.5\]/],
      [{ a: entry("F32", [1], [0]) }, 4, /data_offsets \[0\]/],
      [{ a: "not an object" }, 0, /tensor a/],
      [{ __metadata__: { step: 3 } }, 0, /__metadata__\.step/],
    ];
    for (const [header, bytes, pattern] of cases) {
      const error = await rejectsWith("SAFETENSORS_CORRUPT", readSafetensorsHeader(write(header, bytes)));
      assert.match(error.message, pattern);
    }
  });

  test("refuses bytes after the last tensor, and tensors outside of the file", async () => {
    const header = { a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
    assert.match((await rejectsWith("SAFETENSORS_TRUNCATED", readSafetensors(write(header, 5)))).message, /follows/);
    assert.match((await rejectsWith("SAFETENSORS_TRUNCATED", readSafetensors(write(header, 3)))).message, /cut off/);
  });

  test("reads a file without tensors", async () => {
    const { tensors, metadata } = await readSafetensors(write({ __metadata__: { only: "this" } }, 0));
    assert.is(tensors.size, 0);
    assert.equal(metadata, { only: "this" });
  });
});
