import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { listenForInterruption } from "../../../core/cli/interruption.ts";
import { readRuns } from "../../../core/cli/read-runs.ts";
import { writeSweepReport } from "../../../core/cli/write-sweep-report.ts";
import { openProject } from "../../../core/cli/composition-root.ts";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import { createRunFolder } from "../../../core/run/create-run-folder.ts";
import { suite } from "../../suite.ts";
import { put, stepRecord, tinyConfig, tinyRun } from "../run/fixtures.ts";
import { command, makeProject } from "./project.ts";

/** A sweep with a run in every state. @returns Its folder, relative to the project. */
async function sweepOfAllStates(project: string): Promise<string> {
  const sweep = join(project, "runs/tiny");
  const folders = ["pending", "running", "interrupted", "failed", "done"].map((name, i) => {
    const run = { ...tinyRun(tinyConfig(), `${i}123456789ab`), name };
    const folder = join(sweep, `${name}-${run.id.slice(0, 8)}`);
    createRunFolder(folder, "tiny", run);
    if (name !== "pending") put(join(folder, "metrics.jsonl"), `${JSON.stringify(stepRecord(4))}\n`);
    return folder;
  });
  const [, running = "", interrupted = "", failed = "", done = ""] = folders;
  beginAttempt(running);
  await endAttempt(beginAttempt(interrupted), { outcome: "interrupted" });
  const failure = { code: "LOSS_NOT_FINITE", message: "Training broke down. [LOSS_NOT_FINITE]\n  where step 5" };
  await endAttempt(beginAttempt(failed), { outcome: "failed", failure });
  put(join(done, "checkpoints/step-00000012.safetensors"), "");
  put(join(done, "evaluation.json"), { metrics: { "reconstruction/mse": 1.25 }, artefacts: {} });
  await endAttempt(beginAttempt(done), { outcome: "done", checkpoint: "step-00000012.safetensors" });
  return "runs/tiny";
}

suite("a sweep with runs in every state", (test, hooks) => {
  const project = makeProject();
  let sweep = "";
  hooks.before(async () => {
    sweep = await sweepOfAllStates(project);
  });

  test("is shown by status with step, loss and the first line of a failure", async () => {
    const { out } = await command(project, ["status", sweep]);
    const lines = out.split("\n").map((line) => line.split(/ {2,}/));
    const row = (name: string): readonly string[] | undefined => lines.find(([first]) => first === name)?.slice(2);
    assert.equal(row("pending")?.slice(0, 2), ["pending", "0/12"]);
    assert.equal(row("running"), ["running", "4/12", "0.2500"]);
    assert.equal(row("interrupted"), ["interrupted", "4/12", "0.2500"]);
    assert.equal(row("failed"), ["failed", "4/12", "0.2500", "Training broke down. [LOSS_NOT_FINITE]"]);
    assert.equal(row("done"), ["done", "4/12", "0.2500"]);
    assert.match((await command(project, ["status"])).out, /runs\/tiny +1 +1 +1 +1 +1\n/);
  });

  test("is compared with what there is of it, and why a run failed", async () => {
    const { out } = await command(project, ["compare", sweep, "--metrics", "mse"]);
    assert.match(out, /^done +1\.25\d* +done$/m);
    assert.match(out, /^pending +- +pending$/m);
    assert.match(out, /failed:\n {2}failed: Training broke down/);
    const runs = JSON.parse((await command(project, ["compare", sweep, "--json"])).out) as { state: string }[];
    assert.equal(
      runs.map(({ state }) => state),
      ["done", "failed", "interrupted", "pending", "running"],
    );
  });

  test("has a report all the same", async () => {
    const file = join(project, "all.html");
    const runs = await readRuns({ ...io(project) }, [sweep]);
    await writeSweepReport(await openProject(io(project)), file, runs);
    const { code } = await command(project, ["report", sweep, "--out", "again.html"]);
    assert.is(code, 0);
  });

  test("is read from several folders at once, a single run's among them", async () => {
    const runs = await readRuns(io(project), [sweep, `${sweep}/done-41234567`]);
    assert.is(runs.length, 6);
    assert.is(runs.at(-1)?.name, "done");
  });

  test("is left alone by run where another process is at work, which it says", async () => {
    const config = `
name: tiny
source: { type: synthetic, width: 8, features: 16, activeFeatures: 2, rows: 64, heldOutRows: 16 }
device: cpu
model: { features: 8, expert: { type: top-k, k: 1 } }
training: { steps: 2, batchSize: 8, shuffleRows: 64 }
evaluation: { evaluators: [reconstruction] }
`;
    const locked = makeProject({ "a.yaml": config });
    const plan = await command(locked, ["plan", "a.yaml", "--json"]);
    const planned = JSON.parse(plan.out) as { runs: { id: string; name: string }[] };
    const [run] = planned.runs;
    const folder = join(locked, "runs/tiny", `${run!.name}-${run!.id.slice(0, 8)}`);
    mkdirSync(folder, { recursive: true });
    createRunFolder(folder, "tiny", { ...tinyRun(), ...run! });
    beginAttempt(folder);
    assert.match((await command(locked, ["plan", "a.yaml"])).out, / running\n/);
    const { code, err } = await command(locked, ["run", "a.yaml"]);
    assert.is(code, 1);
    assert.match(err, new RegExp(`RUN_LOCKED[\\s\\S]*process ${process.pid} on`));
    assert.match((await command(locked, ["status", "runs/tiny"])).out, / running /);
  });
});

suite("listening for Ctrl-C", (test) => {
  test("asks to stop at the first signal, once, and to kill at the second", () => {
    let told = 0;
    const interruption = listenForInterruption(() => (told += 1));
    const { signal, killSignal } = interruption;
    assert.equal([signal.aborted, killSignal.aborted], [false, false]);
    process.emit("SIGINT");
    assert.equal([signal.aborted, killSignal.aborted, told], [true, false, 1]);
    process.emit("SIGTERM");
    assert.equal([signal.aborted, killSignal.aborted, told], [true, true, 1]);
    interruption.stopListening();
    assert.is(process.listenerCount("SIGHUP"), 0);
  });
});

function io(cwd: string): Parameters<typeof readRuns>[0] {
  return { cwd, env: {}, isTerminal: false, columns: undefined, out: () => undefined, err: () => undefined };
}
