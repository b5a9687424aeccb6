import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { RunOutcome } from "../../../core/run/contracts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { executeRun } from "../../../core/run/execute-run.ts";
import { listCheckpoints } from "../../../core/run/layout.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder, tinyCatalogue, tinyConfig, tinyRun } from "./fixtures.ts";

const disk = join(temporaryFolder(), "disk");

/** A file system of 200 KB; needs the right to mount. @returns Why there is none. */
function mountSmallDisk(): string | undefined {
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", disk], { stdio: "ignore" });
    return undefined;
  } catch {
    return "this user may not mount a small file system";
  }
}

const reason = mountSmallDisk();

suite("a full disk", (test, hooks) => {
  hooks.after(() => {
    if (reason === undefined) execFileSync("umount", [disk]);
  });

  test(
    "fails the run with DISK_FULL, keeps what was written, and the run continues when there is space",
    async () => {
      const folder = join(disk, "r");
      createRunFolder(folder, "tiny", tinyRun(tinyConfig()));
      const filler = join(disk, "filler");
      const full = await execute(folder, () => {
        fill(filler);
      });
      assert.ok(full.outcome === "failed");
      assert.is(full.failure.code, "DISK_FULL", full.failure.message);
      const [newest] = listCheckpoints(folder);
      assert.ok(newest !== undefined && newest < 12, "the checkpoints before it are there");
      rmSync(filler);
      assert.is((await execute(folder)).outcome, "done");
      const undisturbed = join(temporaryFolder(), "r");
      createRunFolder(undisturbed, "tiny", tinyRun(tinyConfig()));
      assert.is((await execute(undisturbed)).outcome, "done");
      const last = "checkpoints/step-00000012.safetensors";
      assert.ok(readFileSync(join(folder, last)).equals(readFileSync(join(undisturbed, last))));
    },
    { skip: reason },
  );
});

async function execute(folder: string, afterStepSix: () => void = () => undefined): Promise<RunOutcome> {
  return executeRun({
    job: { id: "0123456789ab", name: "experts=2", folder },
    catalogue: await tinyCatalogue(folder),
    paths: { projectFolder: folder, cacheFolder: join(folder, "cache") },
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type === "step" && event.record.step === 6) afterStepSix();
    },
  });
}

/** Takes every free byte. */
function fill(file: string): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(file, Buffer.alloc(bavail * bsize));
}
