import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { beginAttempt } from "../../../core/run/attempts.ts";
import type { ExecutorContext, RunEvent, RunJob, RunOutcome, SourceJob } from "../../../core/run/contracts.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { createProcessorShare } from "../../../core/run/processor-share.ts";
import type { AdjustableShare } from "../../../core/run/processor-share.ts";
import { executeInWorker, prepareInWorker } from "../../../core/run/worker-jobs.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder } from "./fixtures.ts";

const file = fileURLToPath(new URL("./worker-fixture.ts", import.meta.url));

interface Started {
  readonly job: RunJob;
  readonly events: RunEvent[];
  readonly progress: string[];
  readonly stop: AbortController;
  readonly kill: AbortController;
  readonly share: AdjustableShare;
  readonly context: ExecutorContext;
}

function start(name: string): Started {
  const stop = new AbortController();
  const kill = new AbortController();
  const events: RunEvent[] = [];
  const progress: string[] = [];
  const unused = (): never => {
    throw new Error("the runner of this process is not meant to be used");
  };
  const paths = { projectFolder: "/the/project", cacheFolder: "/cache" };
  const worker = { file, execArgv: ["--import", "tsx"], paths };
  const context: ExecutorContext = {
    runner: { execute: unused, prepare: unused, worker },
    signal: stop.signal,
    killSignal: kill.signal,
    events: {
      sourceProgress: (_source, done, total, what) => progress.push(`${what} ${done}/${total}`),
      sourceReady: () => undefined,
      runStarted: () => undefined,
      runEvent: (_job, event) => events.push(event),
      runEnded: () => undefined,
    },
  };
  const job = { id: "0123456789ab", name, folder: temporaryFolder() };
  return { job, events, progress, stop, kill, share: createProcessorShare(1), context };
}

const execute = ({ job, context, share }: Started): Promise<RunOutcome> => executeInWorker(job, context, { share });

function crashOf(outcome: RunOutcome): { message: string; log: string } {
  assert.ok(outcome.outcome === "failed");
  assert.is(outcome.failure.code, "RUN_CRASHED");
  assert.ok(outcome.logFile !== undefined && existsSync(outcome.logFile));
  return { message: outcome.failure.message, log: readFileSync(outcome.logFile, "utf8") };
}

suite("a run in a worker", (test) => {
  test("reports its events, and prints into the log of its attempt", async () => {
    const started = start("report");
    assert.equal(await execute(started), { id: "0123456789ab", outcome: "done" });
    assert.equal(started.events, [{ type: "evaluating" }]);
    assert.equal(readdirSync(join(started.job.folder, "attempts")), ["1"]);
    assert.is(
      readFileSync(join(started.job.folder, "attempts/1/log.txt"), "utf8"),
      "printed by report in /the/project\n",
    );
  });

  test("that the system kills has failed, with the signal and the log", async () => {
    const started = start("killed by the system");
    const { message, log } = crashOf(await execute(started));
    assert.match(message, "SIGKILL");
    assert.match(log, "printed by killed by the system");
    assert.equal([deriveState(started.job.folder).state, deriveState(started.job.folder).attempt], ["failed", 1]);
  });

  test("that leaves without a word has failed, with the exit code", async () => {
    assert.match(crashOf(await execute(start("leave early"))).message, "exit code 7");
  });

  test("that crashes before its attempt began leaves its log in an attempt", async () => {
    const started = start("crash before its attempt");
    assert.match(crashOf(await execute(started)).message, "SIGABRT");
    assert.equal(readdirSync(join(started.job.folder, "attempts")), ["1"]);
    assert.is(deriveState(started.job.folder).state, "failed");
  });

  test("whose code throws has failed, with the stack in the log", async () => {
    const started = start("throw");
    const outcome = await execute(started);
    assert.ok(outcome.outcome === "failed");
    assert.match(outcome.failure.message, "out of range");
  });

  test("ends as interrupted when it is asked to stop", async () => {
    const started = start("wait for stop");
    const outcome = execute(started);
    await until(() => started.events.length > 0);
    started.stop.abort();
    assert.is((await outcome).outcome, "interrupted");
  });

  test("is killed when the user insists, and stays resumable", async () => {
    const started = start("never stop");
    const outcome = execute(started);
    await until(() => started.events.length > 0);
    started.stop.abort();
    started.kill.abort();
    assert.is((await outcome).outcome, "interrupted");
    assert.is(deriveState(started.job.folder).state, "interrupted");
  });

  test("starts with its share of the machine, and is told when that grows", async () => {
    const started = start("tell threads");
    started.share.set(3);
    const outcome = execute(started);
    const told = (): string[] => started.events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    await until(() => told().length === 1);
    started.share.set(6);
    await until(() => told().length === 2);
    started.stop.abort();
    await outcome;
    started.share.set(12);
    assert.equal(told(), ["3 threads", "6 threads"]);
  });

  test("is told its GPU, and has that GPU's environment from its start", async () => {
    const started = start("tell gpu");
    const gpu = { index: 1, adapter: "H100", env: { SWITCHYARD_TEST_GPU: "card 1" } };
    assert.is((await executeInWorker(started.job, started.context, { share: started.share, gpu })).outcome, "done");
    assert.equal(started.events.slice(1), [{ type: "warning", message: "gpu 1 H100 card 1" }]);
  });

  test("that finds its folder taken leaves the other attempt alone", async () => {
    const started = start("report");
    beginAttempt(started.job.folder);
    const outcome = await execute(started);
    assert.ok(outcome.outcome === "failed");
    assert.is(outcome.failure.code, "RUN_LOCKED");
    assert.equal(readdirSync(join(started.job.folder, "attempts")), ["1"]);
    assert.is(deriveState(started.job.folder).state, "running");
  });
});

suite("a source in a worker", (test) => {
  const sourceOf = ({ job }: Started, fingerprint: string): SourceJob => ({
    fingerprint,
    folder: join(job.folder, "run"),
    runs: [],
  });

  test("reports its progress and leaves no log behind", async () => {
    const started = start("");
    await prepareInWorker(sourceOf(started, "good00000"), started.context, { share: createProcessorShare(1) });
    assert.equal(started.progress, ["reading 1/2"]);
    assert.equal(readdirSync(started.job.folder), []);
  });

  test("has the threads that it is given", async () => {
    const started = start("");
    await prepareInWorker(sourceOf(started, "threads00"), started.context, { share: createProcessorShare(5) });
    assert.equal(started.progress, ["on 5 threads 1/2"]);
  });

  test("that fails says why, and where its log is", async () => {
    for (const [fingerprint, reason] of [
      ["broken000", "no such text"],
      ["crash0000", "SIGKILL"],
    ] as const) {
      const started = start("");
      await prepareInWorker(sourceOf(started, fingerprint), started.context, { share: createProcessorShare(1) }).then(
        () => {
          assert.unreachable();
        },
        (error: unknown) => {
          assert.match(String(error), "SOURCE_NOT_PREPARED");
          assert.match(String(error), reason);
          assert.match(String(error), `source-${fingerprint.slice(0, 8)}.log`);
        },
      );
    }
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}
