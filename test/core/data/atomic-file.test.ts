import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { writeAtomically } from "../../../core/data/atomic-file.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What the system reports, as Node does. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: from the system`), { code });
}

suite("atomic-file", (test) => {
  test("writes the whole content under the real name only at the end", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.json");
    await writeAtomically(file, async (handle) => {
      await handle.writeFile("half");
      assert.equal(readdirSync(folder).includes("a.json"), false);
      await handle.writeFile(" and half");
    });
    assert.is(readFileSync(file, "utf8"), "half and half");
    assert.equal(readdirSync(folder), ["a.json"]);
  });

  test("keeps the old file and removes the temporary one when the disk fills up", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "checkpoint");
    writeFileSync(file, "old");
    const full = writeAtomically(file, async (handle) => {
      await handle.writeFile("a part of the n");
      throw systemError("ENOSPC");
    });
    const error = await rejectsWith("DISK_FULL", full);
    assert.is(error.where, file);
    assert.match(error.next ?? "", /Free space/);
    assert.equal(readdirSync(folder), ["checkpoint"]);
    assert.is(readFileSync(file, "utf8"), "old");
  });

  test("reports a used-up quota as a full disk", async () => {
    const file = join(temporaryFolder(), "x");
    await rejectsWith(
      "DISK_FULL",
      writeAtomically(file, () => Promise.reject(systemError("EDQUOT"))),
    );
  });

  test("reports other failures with the system's words", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const error = await rejectsWith(
      "FILE_UNWRITABLE",
      writeAtomically(join(folder, "file", "x"), () => Promise.resolve()),
    );
    assert.match(error.received ?? "", /ENOTDIR|EEXIST/);
    mkdirSync(join(folder, "a-folder"));
    await rejectsWith(
      "FILE_UNWRITABLE",
      writeAtomically(join(folder, "a-folder"), () => Promise.resolve()),
    );
    assert.equal(readdirSync(folder).sort(), ["a-folder", "file"]);
  });

  test("lets many writers of one file race: one content wins whole", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "shared");
    const contents = Array.from({ length: 12 }, (_, i) => String(i).repeat(20_000));
    await Promise.all(contents.map((content) => writeAtomically(file, (handle) => handle.writeFile(content))));
    assert.ok(contents.includes(readFileSync(file, "utf8")));
    assert.equal(readdirSync(folder), ["shared"]);
  });
});
