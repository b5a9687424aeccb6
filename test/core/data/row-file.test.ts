import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { narrowToHalf } from "../../../core/data/half-float.ts";
import { openRowFile, readRows } from "../../../core/data/row-file.ts";
import { writeSafetensors } from "../../../core/data/safetensors.ts";
import type { WritableTensor } from "../../../core/data/safetensors.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { writeNpy } from "./npy-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
let numFiles = 0;
const path = (ending: string): string => join(folder, `${numFiles++}${ending}`);

/** 0, 1, 2, ... in a matrix, with one value of choice. */
function counting(rows: number, width: number): Float32Array {
  return Float32Array.from({ length: rows * width }, (_, i) => i);
}

async function safetensors(tensors: Readonly<Record<string, WritableTensor>>): Promise<string> {
  const file = path(".safetensors");
  await writeSafetensors(file, tensors);
  return file;
}

async function rowsOf(file: string, start: number, count: number, tensor?: string): Promise<readonly number[]> {
  const opened = await openRowFile(file, tensor);
  // One number more than asked for, which must stay untouched.
  const into = new Float32Array(count * opened.width + 1).fill(-1);
  await readRows(opened, start, count, into);
  assert.is(into.at(-1), -1);
  return [...into.subarray(0, -1)];
}

suite("row-file", (test) => {
  test("reads ranges of rows of float32, float16 and bfloat16 tensors", async () => {
    for (const dtype of ["F32", "F16", "BF16"] as const) {
      const file = await safetensors({ acts: { shape: [10, 3], data: counting(10, 3), dtype } });
      assert.equal(await rowsOf(file, 2, 2), [6, 7, 8, 9, 10, 11], dtype);
      assert.equal(await rowsOf(file, 9, 1), [27, 28, 29], dtype);
      assert.equal(await rowsOf(file, 4, 0), [], dtype);
    }
  });

  test("reads float32 and float16 arrays of NumPy, format versions 1 to 3", async () => {
    const data = counting(10, 3);
    for (const version of [1, 2, 3] as const) {
      assert.equal(
        await rowsOf(writeNpy(path(".npy"), { descr: "<f4", shape: [10, 3], data, version }), 1, 1),
        [3, 4, 5],
      );
      const halves = writeNpy(path(".npy"), { descr: "<f2", shape: [10, 3], data: narrowToHalf(data), version });
      assert.equal(await rowsOf(halves, 3, 1), [9, 10, 11]);
    }
  });

  test("takes the only matrix of a file, or the tensor that was named", async () => {
    const tensors = { ids: { shape: [4], data: new Int32Array(4) }, acts: { shape: [2, 2], data: counting(2, 2) } };
    assert.equal(await rowsOf(await safetensors(tensors), 1, 1), [2, 3]);
    const several = await safetensors({ ...tensors, other: { shape: [1, 2], data: Float32Array.of(8, 9) } });
    assert.equal(await rowsOf(several, 0, 1, "other"), [8, 9]);
    const error = await rejectsWith("ACTIVATIONS_AMBIGUOUS", openRowFile(several));
    assert.match(error.received ?? "", /acts F32 \[2, 2\].*other F32 \[1, 2\]|other.*acts/);
    const missing = await rejectsWith("TENSOR_MISSING", openRowFile(several, "act"));
    assert.match(missing.received ?? "", /acts/);
  });

  test("refuses what is not a matrix of floats, and says what it is", async () => {
    const cases: readonly [Record<string, WritableTensor>, RegExp][] = [
      [{ a: { shape: [2, 3, 4], data: counting(6, 4) } }, /a F32 \[2, 3, 4\]/],
      [{ a: { shape: [24], data: counting(6, 4) } }, /a F32 \[24\]/],
      [{ a: { shape: [6, 4], data: new Float64Array(24) } }, /F64 \[6, 4\]/],
      [{ a: { shape: [6, 4], data: new Int32Array(24) } }, /I32 \[6, 4\]/],
      [{ a: { shape: [6, 0], data: new Float32Array(0) } }, /F32 \[6, 0\]/],
      [{}, /no tensors/],
    ];
    for (const [tensors, pattern] of cases) {
      const error = await rejectsWith("ACTIVATIONS_NOT_2D", openRowFile(await safetensors(tensors)));
      assert.match(error.received ?? "", pattern);
    }
    const arrays: readonly [string, readonly number[], boolean, ArrayBufferView, RegExp][] = [
      ["<f8", [2, 2], false, new Float64Array(4), /<f8 \[2, 2\]/],
      [">f4", [2, 2], false, new Float32Array(4), />f4/],
      ["<f4", [4], false, new Float32Array(4), /<f4 \[4\]/],
      ["<f4", [2, 2], true, new Float32Array(4), /in Fortran order/],
    ];
    for (const [descr, shape, fortranOrder, data, pattern] of arrays) {
      const file = writeNpy(path(".npy"), { descr, shape, data, fortranOrder });
      const error = await rejectsWith("ACTIVATIONS_NOT_2D", openRowFile(file));
      assert.match(error.received ?? "", pattern);
      assert.match(error.next ?? "", /C order/);
    }
  });

  test("refuses damaged .npy files", async () => {
    const good = readFileSync(writeNpy(path(".npy"), { descr: "<f4", shape: [8, 4], data: counting(8, 4) }));
    const damaged: readonly [Buffer, RegExp][] = [
      [good.subarray(0, good.length - 4), /cut off/],
      [Buffer.concat([good, Buffer.alloc(4)]), /252|260/],
      [good.subarray(0, 40), /header of/],
      [good.subarray(0, 5), /5 bytes/],
      [Buffer.concat([Buffer.from("PK\u0003\u0004 zip archive"), good]), /starts with/],
      [Buffer.from(good.toString("latin1").replace("descr", "DESCR"), "latin1"), /DESCR/],
      [Buffer.concat([good.subarray(0, 6), Buffer.from([9]), good.subarray(7)]), /version 9/],
    ];
    for (const [bytes, pattern] of damaged) {
      const file = path(".npy");
      writeFileSync(file, bytes);
      assert.match((await rejectsWith("NOT_NPY", openRowFile(file))).message, pattern);
    }
  });

  test("stops at NaN and infinities, with file, row and column", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const dtype of ["F32", "F16", "BF16"] as const) {
        const data = counting(6, 4);
        data[4 * 4 + 3] = bad;
        const file = await safetensors({ acts: { shape: [6, 4], data, dtype } });
        assert.equal((await rowsOf(file, 0, 4)).length, 16);
        const error = await rejectsWith("DATA_NOT_FINITE", rowsOf(file, 3, 3));
        assert.match(error.where ?? "", /\.safetensors, row 4, column 3$/);
        assert.is(error.received, String(bad));
      }
    }
  });

  test("notices that a file has shrunk or vanished since it was opened", async () => {
    const file = await safetensors({ acts: { shape: [6, 4], data: counting(6, 4) } });
    const opened = await openRowFile(file);
    truncateSync(file, readFileSync(file).length - 8);
    await rejectsWith("SAFETENSORS_TRUNCATED", readRows(opened, 4, 2, new Float32Array(8)));
    await rejectsWith("FILE_MISSING", readRows({ ...opened, file: `${file}.gone` }, 0, 1, new Float32Array(4)));
  });

  test("says which file is missing", async () => {
    await rejectsWith("FILE_MISSING", openRowFile(path(".safetensors")));
    await rejectsWith("FILE_MISSING", openRowFile(path(".npy")));
  });
});
