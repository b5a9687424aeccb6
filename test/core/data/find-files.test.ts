import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { findFiles } from "../../../core/data/find-files.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "shards", "deeper"), { recursive: true });
for (const name of ["b.npy", "a.NPY", "notes.md", ".hidden.npy", "deeper/c.npy"]) {
  writeFileSync(join(folder, "shards", name), "");
}
writeFileSync(join(folder, "single.npy"), "");
mkdirSync(join(folder, "empty"));

suite("find-files", (test) => {
  test("keeps the order of paths, and sorts the files of a folder by name", async () => {
    const found = await findFiles(folder, ["single.npy", "shards", join(folder, "shards", "b.npy")], [".npy"]);
    assert.equal(
      found,
      ["single.npy", "shards/a.NPY", "shards/b.npy", "shards/b.npy"].map((name) => join(folder, name)),
    );
  });

  test("says what a folder without such files holds", async () => {
    const error = await rejectsWith("NO_FILES", findFiles(folder, ["shards"], [".txt", ".jsonl"]));
    assert.match(error.expected ?? "", /\.txt, \.jsonl/);
    assert.match(error.received ?? "", /3 other files/);
    await rejectsWith("NO_FILES", findFiles(folder, ["empty"], [".npy"]));
  });

  test("refuses a file of another type by its ending", async () => {
    const error = await rejectsWith("NO_FILES", findFiles(folder, ["shards/notes.md"], [".npy"]));
    assert.is(error.received, ".md");
  });

  test("says which path is missing, as an absolute path", async () => {
    const error = await rejectsWith("FILE_MISSING", findFiles(folder, ["single.npy", "nowhere"], [".npy"]));
    assert.is(error.where, join(folder, "nowhere"));
  });
});
