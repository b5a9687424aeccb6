/**
 * Runs what a sweep asks for and is not done yet: makes the folders, groups the runs by source, hands both to the
 * executor, and puts the outcomes together with what was done before.
 */
import { createRunFolder } from "./create-run-folder.ts";
import type { NewRun } from "./create-run-folder.ts";
import type { Executor, ExecutorContext, GpuWish, RunJob, RunOutcome, SourceJob } from "./contracts.ts";
import { createFolderFinder } from "./find-run-folder.ts";
import type { NamedRun } from "./find-run-folder.ts";
import { failureOf } from "./failure.ts";
import { startOver } from "./start-over.ts";
import type { RunState } from "./run-summary.ts";

/** Which runs start over from their first step: none, those that failed, or all. */
export type Rerun = "none" | "failed" | "all";

export interface RunSweepInput {
  readonly sweep: string;
  /** Absolute: `runs/<sweep>`. */
  readonly sweepFolder: string;
  readonly runs: readonly (NewRun &
    NamedRun & {
      readonly facts: { readonly source: { readonly fingerprint: string } };
      /** Present where the run's device is a GPU. */
      readonly gpu?: GpuWish;
    })[];
  readonly rerun: Rerun;
  /** Whether to measure where the time of training steps goes. */
  readonly isProfiled?: boolean;
  readonly executor: Executor;
  readonly context: ExecutorContext;
  /** Told of the work before it starts. */
  readonly onStart?: (work: { readonly toRun: readonly RunJob[]; readonly skipped: readonly RunJob[] }) => void;
}

export interface SweepResult {
  readonly job: RunJob;
  /** `skipped`: it was done already. */
  readonly outcome: RunOutcome | { readonly id: string; readonly outcome: "skipped" };
}

/** @returns One result a run, in their order. @throws SwitchyardError when the folders cannot be made */
export async function runSweep(input: RunSweepInput): Promise<readonly SweepResult[]> {
  const results = new Map<string, SweepResult>();
  const toRun: { readonly job: RunJob; readonly fingerprint: string }[] = [];
  const folderOf = createFolderFinder(input.sweepFolder);
  for (const run of input.runs) {
    const { id, name } = run;
    const job: RunJob = {
      ...{ id, name, folder: folderOf(run) },
      ...(input.isProfiled === true ? { isProfiled: true } : {}),
      ...wishOf(run.gpu),
    };
    try {
      const before = createRunFolder(job.folder, input.sweep, run);
      if (mustStartOver(input.rerun, before.state)) {
        startOver(job.folder);
        // A finished run kept its config until now; what does not change results, such as the device, is today's.
        createRunFolder(job.folder, input.sweep, run);
      } else if (before.state === "done") {
        results.set(run.id, { job, outcome: { id: run.id, outcome: "skipped" } });
        continue;
      }
      toRun.push({ job, fingerprint: run.facts.source.fingerprint });
    } catch (error) {
      // A broken or foreign folder concerns this run alone.
      results.set(run.id, { job, outcome: { id: run.id, outcome: "failed", failure: failureOf(error) } });
    }
  }
  const jobs = toRun.map(({ job }) => job);
  const skipped = [...results.values()].filter(({ outcome }) => outcome.outcome === "skipped").map(({ job }) => job);
  input.onStart?.({ toRun: jobs, skipped });
  const outcomes = jobs.length === 0 ? [] : await input.executor.execute(jobs, sourcesOf(toRun), input.context);
  for (const [index, job] of jobs.entries()) {
    results.set(job.id, { job, outcome: outcomes[index] ?? { id: job.id, outcome: "interrupted" } });
  }
  return input.runs.flatMap(({ id }) => results.get(id) ?? []);
}

/** A planned run knows more of its GPU than its executor needs. */
function wishOf(gpu: GpuWish | undefined): Pick<RunJob, "gpu"> {
  if (gpu === undefined) return {};
  return { gpu: gpu.adapter === undefined ? {} : { adapter: gpu.adapter } };
}

function mustStartOver(rerun: Rerun, state: RunState): boolean {
  if (state === "pending" || state === "running") return false;
  return rerun === "all" || (rerun === "failed" && state === "failed");
}

function sourcesOf(runs: readonly { readonly job: RunJob; readonly fingerprint: string }[]): readonly SourceJob[] {
  const byFingerprint = new Map<string, RunJob[]>();
  for (const { job, fingerprint } of runs) {
    byFingerprint.set(fingerprint, [...(byFingerprint.get(fingerprint) ?? []), job]);
  }
  return [...byFingerprint].map(([fingerprint, jobs]) => ({
    fingerprint,
    folder: jobs[0]?.folder ?? "",
    ...wishOf(jobs[0]?.gpu),
    runs: jobs.map(({ id }) => id),
  }));
}
