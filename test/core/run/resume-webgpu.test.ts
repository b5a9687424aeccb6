/** Runs on a GPU that end before their time, by a killed process and by a lost device, and go on to the same bytes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { RunOutcome } from "../../../core/run/contracts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { executeRun } from "../../../core/run/execute-run.ts";
import { checkpointName, listCheckpoints } from "../../../core/run/layout.ts";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder, tinyCatalogue, tinyConfig, tinyRun } from "./fixtures.ts";

const steps = 60;
const child = fileURLToPath(new URL("./resume-child.ts", import.meta.url));

function makeFolder(): string {
  const { training } = tinyConfig();
  const config = tinyConfig({
    training: { ...training, steps, checkpointEvery: 5, logEvery: 5 },
    device: { type: "webgpu", ...testedAdapter },
  });
  const folder = join(temporaryFolder(), "experts=2-01234567");
  createRunFolder(folder, "tiny", tinyRun(config));
  return folder;
}

/** @param onStep Called at each log line. */
async function execute(folder: string, onStep: (step: number) => void = () => undefined): Promise<RunOutcome> {
  return executeRun({
    job: { id: "0123456789ab", name: "experts=2", folder },
    catalogue: await tinyCatalogue(temporaryFolder()),
    paths: { projectFolder: folder, cacheFolder: join(folder, "cache") },
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type === "step") onStep(event.record.step);
    },
  });
}

const finalCheckpoint = (folder: string): Buffer => readFileSync(join(folder, "checkpoints", checkpointName(steps)));

suite("a run on webgpu", (test) => {
  let undisturbed: Buffer | undefined;
  const expected = async (): Promise<Buffer> => {
    if (undisturbed !== undefined) return undisturbed;
    const folder = makeFolder();
    assert.is((await execute(folder)).outcome, "done");
    undisturbed = finalCheckpoint(folder);
    return undisturbed;
  };

  test(
    "whose device is lost fails with a code, and goes on from its checkpoint to the same bytes",
    async () => {
      const folder = makeFolder();
      const outcome = await execute(folder, (step) => {
        if (step === 30) (tf.backend() as unknown as { device: GPUDevice }).device.destroy();
      });
      assert.is(outcome.outcome, "failed");
      if (outcome.outcome === "failed") assert.is(outcome.failure.code, "DEVICE_LOST");
      assert.is(deriveState(folder).state, "failed");
      assert.ok(listCheckpoints(folder).length > 0, "checkpoints are left");
      assert.is((await execute(folder)).outcome, "done");
      assert.ok(finalCheckpoint(folder).equals(await expected()));
    },
    { skip: gpuMissing, timeoutMs: 120_000 },
  );

  test(
    "whose process is killed goes on from its checkpoint to the same bytes",
    async () => {
      const folder = makeFolder();
      const run = spawn(process.execPath, ["--import", "tsx", child, folder], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      const exit = once(run, "exit");
      while (listCheckpoints(folder).length === 0 && run.exitCode === null) await sleep(20);
      run.kill("SIGKILL");
      await exit;
      assert.is(run.signalCode, "SIGKILL", "it was still running");
      assert.is(deriveState(folder).state, "interrupted");
      assert.is((await execute(folder)).outcome, "done");
      assert.ok(finalCheckpoint(folder).equals(await expected()));
    },
    { skip: gpuMissing, timeoutMs: 120_000 },
  );
});
