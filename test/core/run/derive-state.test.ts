import { rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { attemptFolder } from "../../../core/run/layout.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

const checkpoint = "step-00000012.safetensors";

async function doneRun(): Promise<string> {
  const folder = temporaryFolder();
  put(join(folder, "checkpoints", checkpoint), "");
  put(join(folder, "evaluation.json"), { metrics: {}, artefacts: {} });
  await endAttempt(beginAttempt(folder), { outcome: "done", checkpoint });
  return folder;
}

suite("state of a run", (test) => {
  test("is pending before the first attempt", () => {
    assert.equal(deriveState(temporaryFolder()), { state: "pending" });
  });

  test("is running while the attempt's process lives", () => {
    const folder = temporaryFolder();
    beginAttempt(folder);
    assert.equal(deriveState(folder), { state: "running", attempt: 1 });
  });

  test("is interrupted when the process is gone without an exit record", () => {
    const folder = temporaryFolder();
    const identity = { host: hostname(), pid: process.pid, started: "an earlier boot:1" };
    put(join(attemptFolder(folder, 1), "start.json"), { process: identity, startedAt: "" });
    assert.equal(deriveState(folder), { state: "interrupted", attempt: 1 });
  });

  test("is interrupted when the run recorded that it was stopped", async () => {
    const folder = temporaryFolder();
    await endAttempt(beginAttempt(folder), { outcome: "interrupted" });
    assert.is(deriveState(folder).state, "interrupted");
  });

  test("is failed with the reason of the newest attempt", async () => {
    const folder = await doneRun();
    await endAttempt(beginAttempt(folder), { outcome: "failed", failure: { code: "DISK_FULL", message: "full" } });
    assert.equal(deriveState(folder), {
      state: "failed",
      attempt: 2,
      failure: { code: "DISK_FULL", message: "full" },
    });
  });

  test("is interrupted when the evaluation is damaged: only that is then done again", async () => {
    const folder = await doneRun();
    writeFileSync(join(folder, "evaluation.json"), '{"metrics": {');
    assert.equal(deriveState(folder), { state: "interrupted", attempt: 1 });
  });

  test("is done when the exit record, the final checkpoint and the evaluation are there", async () => {
    assert.equal(deriveState(await doneRun()), { state: "done", attempt: 1 });
  });

  test("is not done when the checkpoint or the evaluation went missing", async () => {
    for (const file of [join("checkpoints", checkpoint), "evaluation.json"]) {
      const folder = await doneRun();
      rmSync(join(folder, file));
      assert.is(deriveState(folder).state, "interrupted", file);
    }
  });
});
