/**
 * The promise that sweeps rest on: a run that is killed at any moment and started again ends with the same bytes as
 * one that was not. The killing is real (SIGKILL to a process), its moments are random and seeded.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as assert from "uvu/assert";
import { createRng } from "../../../core/model/rng.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { checkpointName, listAttempts } from "../../../core/run/layout.ts";
import { readRunSummary } from "../../../core/run/read-run.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder, tinyConfig, tinyRun } from "./fixtures.ts";

const numKills = 20;
const steps = 400;
/** Of the kills, those at a moment counted from the start of the process: some fall before training. */
const numEarlyKills = 4;
// Bundled once: starting from the sources 22 times would take longer than all the training. In the repository, so that
// packages are found; ignored by git.
const entry = fileURLToPath(new URL(`../../../.switchyard/test/resume-child-${process.pid}.mjs`, import.meta.url));

function makeFolder(): string {
  const { training } = tinyConfig();
  const config = tinyConfig({ training: { ...training, steps, checkpointEvery: 3, logEvery: 1 } });
  const folder = join(temporaryFolder(), "experts=2-01234567");
  createRunFolder(folder, "tiny", tinyRun(config));
  return folder;
}

function start(folder: string): ChildProcess {
  return spawn(process.execPath, [entry, folder], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

async function runToEnd(folder: string): Promise<void> {
  const child = start(folder);
  const [code] = (await once(child, "exit")) as [number | null];
  assert.is(code, 0);
}

/** @returns Whether the process was killed before it ended by itself. */
async function killAfter(folder: string, delayMs: number, since: "start" | "training"): Promise<boolean> {
  const child = start(folder);
  const exit = once(child, "exit");
  if (since === "training") await Promise.race([once(child, "message"), exit]);
  await Promise.race([sleep(delayMs), exit]);
  child.kill("SIGKILL");
  await exit;
  return child.signalCode === "SIGKILL";
}

async function resultsOf(folder: string): Promise<{ checkpoint: Buffer; losses: readonly number[]; metrics: unknown }> {
  const summary = await readRunSummary(folder);
  assert.is(summary.state, "done");
  assert.equal(
    summary.steps.map(({ step }) => step),
    Array.from({ length: steps }, (_, i) => i + 1),
    "every step is logged once",
  );
  return {
    checkpoint: readFileSync(join(folder, "checkpoints", checkpointName(steps))),
    losses: summary.steps.map(({ loss }) => loss),
    metrics: summary.metrics,
  };
}

suite("a run that is killed", (test, hooks) => {
  hooks.before(async () => {
    const source = fileURLToPath(new URL("./resume-child.ts", import.meta.url));
    await build({
      entryPoints: [source],
      outfile: entry,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      logLevel: "warning",
    });
  });
  hooks.after(() => {
    rmSync(entry, { force: true });
  });

  test(
    `${numKills} times at random moments ends with the bytes of one that was not`,
    async () => {
      const random = createRng(20).stream("kills");
      const undisturbed = makeFolder();
      await runToEnd(undisturbed);
      const expected = await resultsOf(undisturbed);
      const assertSame = async (folder: string): Promise<void> => {
        const results = await resultsOf(folder);
        assert.ok(results.checkpoint.equals(expected.checkpoint), "the final checkpoints are equal");
        assert.equal(results.losses, expected.losses);
        assert.equal(results.metrics, expected.metrics);
      };
      let folder = makeFolder();
      let killed = 0;
      while (killed < numKills) {
        const isEarly = killed % Math.floor(numKills / numEarlyKills) === 0;
        const delayMs = random.uniform() * (isEarly ? 1500 : 250);
        if (await killAfter(folder, delayMs, isEarly ? "start" : "training")) killed += 1;
        const { state } = deriveState(folder);
        assert.ok(["pending", "interrupted", "done"].includes(state), state);
        if (state !== "done") continue;
        await assertSame(folder);
        folder = makeFolder();
      }
      if (deriveState(folder).state !== "done") await runToEnd(folder);
      await assertSame(folder);
      assert.ok(listAttempts(folder).length > 1 || killed === numKills);
    },
    { timeoutMs: 250_000 },
  );
});
