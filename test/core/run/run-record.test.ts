import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { readRunRecord, requireRunRecord } from "../../../core/run/run-record.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

const record = { format: 1, id: "0123456789ab", name: "a", sweep: "s", axes: {}, shape: {}, facts: {}, plugins: [] };

function folderWith(value: unknown): string {
  const folder = temporaryFolder();
  put(join(folder, "run.json"), value);
  return folder;
}

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof SwitchyardError) return error.code;
    throw error;
  }
  return "none";
}

suite("run.json", (test) => {
  test("is read as written", () => {
    assert.equal(readRunRecord(folderWith(record)), record);
  });

  test("makes a folder a run; without it the folder is none", () => {
    assert.is(readRunRecord(temporaryFolder()), undefined);
    assert.is(
      codeOf(() => requireRunRecord(temporaryFolder())),
      "RUN_FOLDER_BROKEN",
    );
  });

  test("of another version is refused, with both versions, and left as it is", () => {
    const text = JSON.stringify({ ...record, format: 2 });
    const folder = folderWith(text);
    assert.throws(() => readRunRecord(folder), /RUN_FORMAT[\s\S]*run\.json[\s\S]*format 1[\s\S]*format 2/);
    assert.is(readFileSync(join(folder, "run.json"), "utf8"), text);
    assert.is(
      codeOf(() => readRunRecord(folderWith({ id: "x" }))),
      "RUN_FORMAT",
    );
  });

  test("without its fields, or that is no object, is broken", () => {
    for (const field of ["id", "name", "sweep", "axes", "shape", "facts", "plugins"]) {
      assert.is(
        codeOf(() => readRunRecord(folderWith({ ...record, [field]: 7 }))),
        "RUN_FOLDER_BROKEN",
        field,
      );
    }
    assert.is(
      codeOf(() => readRunRecord(folderWith([]))),
      "RUN_FOLDER_BROKEN",
    );
    assert.is(
      codeOf(() => readRunRecord(folderWith("{"))),
      "RUN_FOLDER_BROKEN",
    );
  });
});
