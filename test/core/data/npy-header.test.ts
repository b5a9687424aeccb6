import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { withFile } from "../../../core/data/file-bytes.ts";
import { readNpyHeader } from "../../../core/data/npy-header.ts";
import type { NpyHeader } from "../../../core/data/npy-header.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { writeNpy } from "./npy-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const file = join(folder, "x.npy");

async function parse(): Promise<NpyHeader> {
  return withFile(file, (handle) => readNpyHeader(file, handle));
}

/** A version 1 file with this dictionary and so many bytes of data. */
function write(dictionary: string, dataBytes: number): void {
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, dictionary.length, 0]);
  writeFileSync(file, Buffer.concat([start, Buffer.from(dictionary), Buffer.alloc(dataBytes)]));
}

suite("npy-header", (test) => {
  test("reads type, order, shape and where the data starts", async () => {
    for (const version of [1, 2, 3] as const) {
      writeNpy(file, { descr: "<f4", shape: [3, 2], data: new Float32Array(6), version });
      const header = await parse();
      assert.equal([header.descr, header.isFortranOrder, header.shape], ["<f4", false, [3, 2]]);
      assert.is(header.offset % 64, 0);
    }
    writeNpy(file, { descr: "<i8", shape: [3], data: new BigInt64Array(3), fortranOrder: true });
    const vector = await parse();
    assert.equal([vector.descr, vector.isFortranOrder, vector.shape], ["<i8", true, [3]]);
  });

  test("reads the spellings that other writers use", async () => {
    write(`{"shape": (2L, 2L), "fortran_order": False, "descr": "<f2"}`, 8);
    assert.equal((await parse()).shape, [2, 2]);
    write(`{'descr':'<f4','fortran_order':False,'shape':()}\n`, 4);
    assert.equal((await parse()).shape, []);
  });

  test("refuses a dictionary without one of the three keys, and structured types", async () => {
    for (const dictionary of [
      "{'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}",
      "",
    ]) {
      write(dictionary, 4);
      await rejectsWith("NOT_NPY", parse());
    }
  });

  test("compares the data's size with the shape", async () => {
    const dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2), }";
    write(dictionary, 40);
    assert.equal((await parse()).shape, [5, 2]);
    for (const dataBytes of [39, 0, 41]) {
      write(dictionary, dataBytes);
      const error = await rejectsWith("NOT_NPY", parse());
      assert.match(error.expected ?? "", /bytes for <f4 \[5, 2\]/);
    }
  });
});
