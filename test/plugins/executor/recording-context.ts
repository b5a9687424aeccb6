/** An executor's context that records what the executor does, and runs nothing. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { ExecutorContext, RunJob, RunOutcome, SourceJob } from "../../../core/run/contracts.ts";
import { temporaryFolder } from "../../core/run/fixtures.ts";

/** @param outcomes By job id; a job without one is done. */
export function recordingContext(outcomes: Readonly<Record<string, RunOutcome>>): {
  readonly context: ExecutorContext;
  readonly log: string[];
} {
  const log: string[] = [];
  const note = (text: string): void => {
    log.push(text);
  };
  const file = fileURLToPath(new URL("../../core/run/worker-fixture.ts", import.meta.url));
  const context: ExecutorContext = {
    signal: new AbortController().signal,
    killSignal: new AbortController().signal,
    runner: {
      execute: (job, { onEvent, share }) => {
        note(`execute ${job.name} with ${threadsText(share?.threads)}`);
        onEvent({ type: "evaluating" });
        return Promise.resolve(outcomes[job.id] ?? { id: job.id, outcome: "done" });
      },
      prepare: (source, progress, resources) => {
        note(`prepare ${source.fingerprint} with ${threadsText(resources?.share.threads)}`);
        progress(1, 2, "reading");
        return Promise.resolve();
      },
      worker: { file, execArgv: ["--import", "tsx"], paths: { projectFolder: "/project", cacheFolder: "/cache" } },
    },
    events: {
      sourceProgress: (_source, done, total, what) => {
        note(`source ${what} ${done}/${total}`);
      },
      sourceReady: () => {
        note("source ready");
      },
      runStarted: ({ name }) => {
        note(`started ${name}`);
      },
      runEvent: ({ name }, event) => {
        note(`${name} ${event.type === "warning" ? event.message : event.type}`);
      },
      runEnded: ({ name }, { outcome }) => {
        note(`ended ${name} ${outcome}`);
      },
    },
  };
  return { context, log };
}

/** The same words on every machine. */
function threadsText(threads: number | undefined): string {
  return threads === availableParallelism() ? "all cores" : `${threads ?? "unknown"} threads`;
}

/** The same jobs, on GPUs. */
export function onGpus(jobs: readonly RunJob[], adapter?: string): readonly RunJob[] {
  return jobs.map((job) => ({ ...job, gpu: adapter === undefined ? {} : { adapter } }));
}

/** Jobs that read one source. */
export function someJobs(...names: readonly string[]): {
  readonly jobs: readonly RunJob[];
  readonly sources: readonly SourceJob[];
} {
  const jobs = names.map((name) => ({ id: name, name, folder: temporaryFolder() }));
  return { jobs, sources: [{ fingerprint: "f00d", folder: temporaryFolder(), runs: names }] };
}
