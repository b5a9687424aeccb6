import { existsSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { beginAttempt, endAttempt } from "../../../core/run/attempts.ts";
import type { ExecutorContext, RunJob, SourceJob, SweepEvents } from "../../../core/run/contracts.ts";
import { executeSweep } from "../../../core/run/execute-sweep.ts";
import type { Ways } from "../../../core/run/execute-sweep.ts";
import { deriveState } from "../../../core/run/derive-state.ts";
import { readRunConfig } from "../../../core/run/run-config-file.ts";
import { createGpuSlots } from "../../../core/run/gpu-slots.ts";
import { runSweep } from "../../../core/run/run-sweep.ts";
import type { Rerun, SweepResult } from "../../../core/run/run-sweep.ts";
import { suite } from "../../suite.ts";
import type { TinyRun } from "./fixtures.ts";
import { put, temporaryFolder, tinyConfig, tinyRun } from "./fixtures.ts";

const noEvents: SweepEvents = {
  sourceProgress: () => undefined,
  sourceReady: () => undefined,
  runStarted: () => undefined,
  runEvent: () => undefined,
  runEnded: () => undefined,
};

function contextOf(events: Partial<SweepEvents> = {}, stop = new AbortController()): ExecutorContext {
  const unused = (): never => {
    throw new Error("the runner of this process is not meant to be used");
  };
  const paths = { projectFolder: "/", cacheFolder: "/" };
  return {
    runner: { execute: unused, prepare: unused, worker: { file: "", execArgv: [], paths } },
    events: { ...noEvents, ...events },
    signal: stop.signal,
    killSignal: new AbortController().signal,
  };
}

function runs(...fingerprints: string[]): TinyRun[] {
  return fingerprints.map((fingerprint, i) => {
    const run = tinyRun(tinyConfig(), `${i}123456789ab`);
    return { ...run, name: `run ${i}`, folderName: `run-${run.id.slice(0, 8)}`, facts: { source: { fingerprint } } };
  });
}

/** Marks a run as done, as executing it would. */
async function finish(job: RunJob): Promise<void> {
  const checkpoint = "step-00000012.safetensors";
  put(join(job.folder, "checkpoints", checkpoint), "");
  put(join(job.folder, "evaluation.json"), { metrics: {}, artefacts: {} });
  await endAttempt(beginAttempt(job.folder), { outcome: "done", checkpoint });
}

interface SweepOptions {
  readonly rerun?: Rerun;
  readonly isProfiled?: boolean;
  readonly context?: ExecutorContext;
  /** Today's, where they differ from those that the sweep was made with. */
  readonly planned?: TinyRun[];
}

interface Sweep {
  readonly sweepFolder: string;
  readonly planned: readonly TinyRun[];
  readonly prepared: SourceJob[];
  readonly executed: string[];
  run(ways?: Partial<Ways>, options?: SweepOptions): Promise<readonly SweepResult[]>;
}

function sweepOf(...fingerprints: string[]): Sweep {
  const sweepFolder = temporaryFolder();
  const planned = runs(...fingerprints);
  const prepared: SourceJob[] = [];
  const executed: string[] = [];
  const standard: Ways = {
    ...{ slots: 1, cores: 4, lendsIdleCores: false },
    prepare: (source) => {
      prepared.push(source);
      return Promise.resolve();
    },
    execute: async (job) => {
      executed.push(job.name);
      await finish(job);
      return { id: job.id, outcome: "done" };
    },
  };
  return {
    ...{ sweepFolder, planned, prepared, executed },
    run: (ways = {}, { rerun = "none", isProfiled = false, context = contextOf(), planned: today = planned } = {}) =>
      runSweep({
        sweep: "tiny",
        sweepFolder,
        runs: today,
        ...{ rerun, isProfiled },
        executor: { execute: (jobs, sources, given) => executeSweep(jobs, sources, given, { ...standard, ...ways }) },
        context,
      }),
  };
}

const outcomes = (results: readonly SweepResult[]): string[] => results.map(({ outcome }) => outcome.outcome);

suite("running a sweep", (test) => {
  test("prepares each shared source once, then executes every run in order", async () => {
    const sweep = sweepOf("a", "b", "a");
    assert.equal(outcomes(await sweep.run()), ["done", "done", "done"]);
    assert.equal(
      sweep.prepared.map(({ fingerprint, runs: ids }) => [fingerprint, ids.length]),
      [["a", 2]],
    );
    assert.equal(sweep.executed, ["run 0", "run 1", "run 2"]);
  });

  test("tells every run whether it is to be profiled", async () => {
    for (const isProfiled of [true, false]) {
      const marks: (boolean | undefined)[] = [];
      const execute: Ways["execute"] = (job) => {
        marks.push(job.isProfiled);
        return Promise.resolve({ id: job.id, outcome: "interrupted" });
      };
      await sweepOf("a", "b").run({ execute }, { isProfiled });
      assert.equal(marks, isProfiled ? [true, true] : [undefined, undefined]);
    }
  });

  test("skips what is done, and then prepares nothing", async () => {
    const sweep = sweepOf("a", "a");
    await sweep.run();
    sweep.prepared.length = 0;
    assert.equal(outcomes(await sweep.run()), ["skipped", "skipped"]);
    assert.equal([sweep.prepared.length, sweep.executed.length], [0, 2]);
  });

  test("goes on after a failing run and reports it", async () => {
    const sweep = sweepOf("a", "a", "a");
    const failure = { code: "LOSS_NOT_FINITE", message: "broke down" };
    const results = await sweep.run({
      execute: async (job) => {
        if (job.name === "run 1") return { id: job.id, outcome: "failed", failure };
        await finish(job);
        return { id: job.id, outcome: "done" };
      },
    });
    assert.equal(outcomes(results), ["done", "failed", "done"]);
    assert.equal(results[1]?.outcome, { id: results[1]?.job.id, outcome: "failed", failure });
  });

  test("fails the runs of a failing source, records why, and executes the others", async () => {
    const sweep = sweepOf("bad", "good", "bad");
    const results = await sweep.run({
      prepare: ({ fingerprint }) =>
        fingerprint === "bad" ? Promise.reject(new Error("no such text")) : Promise.resolve(),
    });
    assert.equal(outcomes(results), ["failed", "done", "failed"]);
    assert.equal(sweep.executed, ["run 1"]);
    const state = deriveState(results[0]!.job.folder);
    assert.is(state.state, "failed");
    assert.match(state.failure!.message, "no such text");
  });

  test("executes at most as many runs at a time as there are slots", async () => {
    const sweep = sweepOf("a", "a", "a", "a", "a");
    let running = 0;
    let most = 0;
    await sweep.run({
      slots: 2,
      execute: async (job) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        await finish(job);
        return { id: job.id, outcome: "done" };
      },
    });
    assert.is(most, 2);
  });

  test("divides the cores among the runs that execute at the same time, and lends idle ones to the last", async () => {
    const sweep = sweepOf("a", "a", "a", "a", "a");
    const seen: string[] = [];
    const ends = new Map<string, () => void>();
    const ended = new Set<string>();
    const ways: Partial<Ways> = {
      ...{ slots: 3, cores: 7, lendsIdleCores: true },
      prepare: (_source, _context, { share }) => {
        seen.push(`source ${share.threads}`);
        return Promise.resolve();
      },
      execute: async (job, _context, { share }) => {
        seen.push(`${job.name} starts ${share.threads}`);
        const endFollowing = share.onChange((threads) => seen.push(`${job.name} changes ${threads}`));
        await new Promise<void>((resolve) => ends.set(job.name, resolve));
        endFollowing();
        await finish(job);
        return { id: job.id, outcome: "done" };
      },
    };
    const done = sweep.run(ways, { context: contextOf({ runEnded: ({ name }) => void ended.add(name) }) });
    for (const name of ["run 1", "run 0", "run 2", "run 3", "run 4"]) {
      await until(() => ends.has(name));
      ends.get(name)?.();
      await until(() => ended.has(name));
    }
    assert.equal(outcomes(await done), ["done", "done", "done", "done", "done"]);
    assert.equal(seen, [
      ...["source 7", "run 0 starts 2", "run 1 starts 2", "run 2 starts 2"],
      ...["run 3 starts 2", "run 4 starts 2"],
      ...["run 3 changes 3", "run 4 changes 3", "run 4 changes 7"],
    ]);
  });

  test("gives every run of a sweep the same threads where idle cores are not lent", async () => {
    const sweep = sweepOf("a", "a", "a", "a");
    const seen: number[] = [];
    await sweep.run({
      ...{ slots: 3, cores: 7, lendsIdleCores: false },
      execute: async (job, _context, { share }) => {
        const endFollowing = share.onChange((threads) => seen.push(threads));
        seen.push(share.threads);
        await finish(job);
        endFollowing();
        return { id: job.id, outcome: "done" };
      },
    });
    assert.equal(seen, [2, 2, 2, 2]);
  });

  test("lets runs that need no GPU start while others wait for one, and divides the cores accordingly", async () => {
    const sweep = sweepOf("a", "b", "c", "d", "e");
    for (const [i, run] of sweep.planned.entries()) Object.assign(run, [0, 1, 4].includes(i) ? { gpu: {} } : {});
    const log: string[] = [];
    const ends = new Map<string, () => void>();
    const done = sweep.run({
      ...{ slots: 3, cores: 8, gpus: createGpuSlots([{ env: {}, slots: 1 }]) },
      execute: async (job, _context, { share, gpu }) => {
        log.push(`${job.name} on ${gpu === undefined ? "no GPU" : `GPU ${gpu.index}`}, ${share.threads} threads`);
        await new Promise<void>((resolve) => ends.set(job.name, resolve));
        await finish(job);
        return { id: job.id, outcome: "done" };
      },
    });
    for (const name of ["run 0", "run 1", "run 2", "run 3", "run 4"]) {
      await until(() => ends.has(name));
      ends.get(name)?.();
    }
    assert.equal(outcomes(await done), ["done", "done", "done", "done", "done"]);
    assert.equal(log, [
      ...["run 0 on GPU 0, 2 threads", "run 2 on no GPU, 2 threads", "run 3 on no GPU, 2 threads"],
      ...["run 1 on GPU 0, 2 threads", "run 4 on GPU 0, 2 threads"],
    ]);
  });

  test("ends a run that asks for a GPU which the executor has not, and executes the others", async () => {
    const sweep = sweepOf("a", "b");
    Object.assign(sweep.planned[0] ?? {}, { gpu: { adapter: "Radeon" } });
    const results = await sweep.run({ gpus: createGpuSlots([{ adapter: "H100", env: {}, slots: 1 }]) });
    assert.equal(outcomes(results), ["failed", "done"]);
    const [failed] = results;
    assert.ok(failed?.outcome.outcome === "failed");
    assert.is(failed.outcome.failure.code, "GPU_NOT_ASSIGNED");
    assert.is(deriveState(failed.job.folder).state, "failed");
  });

  test("with more slots than cores gives every run one thread", async () => {
    const sweep = sweepOf("a", "a", "a");
    const seen: number[] = [];
    await sweep.run({
      ...{ slots: 3, cores: 2 },
      execute: async (job, _context, { share }) => {
        seen.push(share.threads);
        await finish(job);
        return { id: job.id, outcome: "done" };
      },
    });
    assert.equal(seen, [1, 1, 1]);
  });

  test("that is stopped starts no further run", async () => {
    const sweep = sweepOf("a", "a", "a");
    const stop = new AbortController();
    const ended: string[] = [];
    const context = contextOf({ runEnded: (job, { outcome }) => ended.push(`${job.name} ${outcome}`) }, stop);
    const results = await sweep.run(
      {
        execute: (job) => {
          stop.abort();
          return Promise.resolve({ id: job.id, outcome: "interrupted" });
        },
      },
      { context },
    );
    assert.equal(outcomes(results), ["interrupted", "interrupted", "interrupted"]);
    assert.equal(ended, ["run 0 interrupted", "run 1 interrupted", "run 2 interrupted"]);
    assert.equal(outcomes(await sweep.run()), ["done", "done", "done"]);
  });

  test("stopped while a source is prepared blames no run", async () => {
    const sweep = sweepOf("a", "a");
    const stop = new AbortController();
    const results = await sweep.run(
      {
        prepare: () => {
          stop.abort();
          return Promise.reject(new Error("stopped"));
        },
      },
      { context: contextOf({}, stop) },
    );
    assert.equal(outcomes(results), ["interrupted", "interrupted"]);
    assert.is(deriveState(results[0]!.job.folder).state, "pending");
  });

  test("with rerun all starts finished runs over; with rerun failed only failed ones", async () => {
    const sweep = sweepOf("a", "a");
    await sweep.run();
    await endAttempt(beginAttempt(join(sweep.sweepFolder, sweep.planned[1]!.folderName)), {
      outcome: "failed",
      failure: { code: "X_Y", message: "why" },
    });
    sweep.executed.length = 0;
    assert.equal(outcomes(await sweep.run({}, { rerun: "failed" })), ["skipped", "done"]);
    assert.equal(sweep.executed, ["run 1"]);
    assert.equal(outcomes(await sweep.run({}, { rerun: "all" })), ["done", "done"]);
    assert.ok(existsSync(join(sweep.sweepFolder, sweep.planned[0]!.folderName, "attempts", "1", "superseded")));
  });

  test("with rerun all takes today's device, which a finished run otherwise keeps", async () => {
    const sweep = sweepOf("a");
    await sweep.run();
    const first = sweep.planned[0]!;
    const device = { type: "wasm" };
    const planned = [{ ...first, config: { ...first.config, device } }];
    const stored = (): unknown => readRunConfig(join(sweep.sweepFolder, first.folderName)).device;
    const before = stored();
    assert.equal(outcomes(await sweep.run({}, { planned })), ["skipped"]);
    assert.equal(stored(), before);
    assert.equal(outcomes(await sweep.run({}, { planned, rerun: "all" })), ["done"]);
    assert.equal(stored(), device);
  });

  test("with a broken folder fails that run alone", async () => {
    const sweep = sweepOf("a", "a");
    put(join(sweep.sweepFolder, sweep.planned[0]!.folderName, "run.json"), { format: 7 });
    const results = await sweep.run();
    assert.equal(outcomes(results), ["failed", "done"]);
    const [first] = results;
    assert.is(first?.outcome.outcome === "failed" && first.outcome.failure.code, "RUN_FORMAT");
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
