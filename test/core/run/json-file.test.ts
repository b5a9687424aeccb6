import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { isRecord, readJson, readJsonNow, replaceText, writeJson, writeText } from "../../../core/run/json-file.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder } from "./fixtures.ts";

suite("JSON files of a run folder", (test) => {
  test("come back as they were written", async () => {
    const file = join(temporaryFolder(), "deep", "a.json");
    const value = { numbers: [1, 2.5e-9], text: 'quotes " and\nlines', nothing: null };
    await writeJson(file, value);
    assert.equal(await readJson(file), value);
    assert.equal(readJsonNow(file), value);
    assert.match(readFileSync(file, "utf8"), /\n$/);
  });

  test("are replaced whole and leave no temporary file", async () => {
    const folder = temporaryFolder();
    await writeText(join(folder, "a"), "long long text");
    await writeText(join(folder, "a"), "short");
    replaceText(join(folder, "b"), "one");
    replaceText(join(folder, "b"), "two");
    assert.equal(readdirSync(folder).sort(), ["a", "b"]);
    assert.is(readFileSync(join(folder, "a"), "utf8"), "short");
    assert.is(readFileSync(join(folder, "b"), "utf8"), "two");
  });

  test("are undefined when missing, even without their folder", async () => {
    const file = join(temporaryFolder(), "absent", "a.json");
    assert.is(await readJson(file), undefined);
    assert.is(readJsonNow(file), undefined);
  });

  test("that were cut are named in the error", async () => {
    const file = join(temporaryFolder(), "a.json");
    for (const text of ["", '{"a": 1']) {
      writeFileSync(file, text);
      const error = await readJson(file).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof SwitchyardError);
      assert.equal([error.code, error.where], ["RUN_FOLDER_BROKEN", file]);
      assert.throws(() => readJsonNow(file), /RUN_FOLDER_BROKEN/);
    }
  });

  test("cannot be written below a file, and say where", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => {
      replaceText(join(folder, "file", "a"), "text");
    }, /FILE_UNWRITABLE[\s\S]*file/);
  });

  test("are objects only when they are", () => {
    assert.is(isRecord({}), true);
    for (const value of [null, [], "text", 1, undefined]) assert.is(isRecord(value), false);
  });
});
