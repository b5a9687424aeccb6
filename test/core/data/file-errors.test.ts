import * as assert from "uvu/assert";
import { codeOf, readError, writeError } from "../../../core/data/file-errors.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";

const system = (code: string): Error => Object.assign(new Error(`${code}: in the system's words`), { code });

suite("file-errors", (test) => {
  test("gives each system error the code that says what to do", () => {
    const reading: readonly [string, string][] = [
      ["ENOENT", "FILE_MISSING"],
      ["ENOTDIR", "FILE_MISSING"],
      ["EIO", "FILE_UNREADABLE"],
    ];
    for (const [code, expected] of reading) assert.is(readError("/x", system(code)).code, expected);
    const writing: readonly [string, string][] = [
      ["ENOSPC", "DISK_FULL"],
      ["EDQUOT", "DISK_FULL"],
      ["EROFS", "FILE_UNWRITABLE"],
    ];
    for (const [code, expected] of writing) assert.is(writeError("/x", system(code)).code, expected);
  });

  test("passes its own errors on, and keeps the cause and the file of others", () => {
    const own = new SwitchyardError("NO_ROWS", "told already");
    assert.is(readError("/x", own), own);
    assert.is(writeError("/x", own), own);
    const cause = system("EIO");
    assert.is(readError("/x", cause).cause, cause);
    assert.is(writeError("/x", cause).where, "/x");
    assert.is(readError("/x", "thrown text").received, "thrown text");
    assert.is(codeOf("thrown text"), undefined);
    assert.is(codeOf(cause), "EIO");
  });
});
