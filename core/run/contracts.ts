/**
 * What an executor is, and what it is told while runs execute. A run folder is all that a run needs: whoever has the
 * folder can execute it, here, in a worker process, or on another machine that sees the same disk.
 */
import type { SourceProgress } from "../data/contracts.ts";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { StepRecord } from "../training/contracts.ts";
import type { AssignedGpu } from "../services.ts";
import type { Failure } from "./attempts.ts";
import type { RunProfile } from "./run-profile.ts";

/** One run to execute. */
export interface RunJob {
  readonly id: string;
  readonly name: string;
  /** Absolute; made by `createRunFolder`. */
  readonly folder: string;
  /** Whether to measure where the time of its steps goes; its results are the same. */
  readonly isProfiled?: boolean;
  /** The GPU that it needs; absent where its device is no GPU. */
  readonly gpu?: GpuWish;
}

/** What a run asks for of the GPU that it computes on. */
export interface GpuWish {
  /** Part of the adapter's name; any GPU without it. */
  readonly adapter?: string;
}

/** One source to prepare before the runs that read it. */
export interface SourceJob {
  /** Digest of everything that determines the source's rows. */
  readonly fingerprint: string;
  /** Folder of one of the runs that read it: its config names the source. */
  readonly folder: string;
  /** Ids of the runs that read it. */
  readonly runs: readonly string[];
  /** The GPU that the device in that folder's config needs; absent where it is no GPU. */
  readonly gpu?: GpuWish;
}

/** What happens in one run. */
export type RunEvent =
  | { readonly type: "preparing"; readonly done: number; readonly total: number; readonly what: string }
  | {
      readonly type: "training";
      readonly device: string;
      /** Steps restored from a checkpoint; 0 for a fresh start. */
      readonly resumedFrom: number;
      readonly totalSteps: number;
      readonly attempt: number;
    }
  | { readonly type: "step"; readonly record: StepRecord }
  /** Once, after the last step of a run that is profiled. */
  | { readonly type: "profile"; readonly profile: RunProfile }
  | { readonly type: "evaluating" }
  | { readonly type: "warning"; readonly message: string };

export type RunOutcome =
  | { readonly id: string; readonly outcome: "done" | "interrupted" }
  | { readonly id: string; readonly outcome: "failed"; readonly failure: Failure; readonly logFile?: string };

/** What an executor reports to: a progress display, or nothing. */
export interface SweepEvents {
  sourceProgress(source: SourceJob, done: number, total: number, what: string): void;
  sourceReady(source: SourceJob): void;
  runStarted(job: RunJob): void;
  runEvent(job: RunJob, event: RunEvent): void;
  runEnded(job: RunJob, outcome: RunOutcome): void;
}

/** What one run, or one source, has of the machine. */
export interface Resources {
  readonly share: ProcessorShare;
  /** Absent where it needs no GPU, or its executor assigns none. */
  readonly gpu?: AssignedGpu | undefined;
}

/** How many threads a run may use. It grows where an executor lends the cores of runs that ended. */
export interface ProcessorShare {
  readonly threads: number;
  /** Calls `listener` at every change. @returns Ends that. */
  onChange(listener: (threads: number) => void): () => void;
}

/** How an executor reaches the code that executes one job. */
export interface JobRunner {
  /** The same in this process. Never throws for a failing run: it is an outcome. */
  execute(job: RunJob, options: ExecuteOptions): Promise<RunOutcome>;
  /**
   * Prepares a source in this process.
   * @param resources All cores, and no GPU in particular, without it.
   * @throws SwitchyardError
   */
  prepare(source: SourceJob, progress: SourceProgress, resources?: Resources): Promise<void>;
  /** How a worker process is started that understands core/run/worker-protocol.ts. */
  readonly worker: WorkerCommand;
}

export interface ExecuteOptions {
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted to make the run write a checkpoint and end as interrupted. */
  readonly signal: AbortSignal;
  /** Threads that the run may use; all cores without it. */
  readonly share?: ProcessorShare;
  /** The GPU that the run computes on; the device's own choice without it. */
  readonly gpu?: AssignedGpu | undefined;
  /** Folder made by `prepareAttempt` that this attempt takes over, with the log inside. */
  readonly prepared?: string;
}

export interface WorkerCommand {
  /** Absolute path of the worker's entry. */
  readonly file: string;
  readonly execArgv: readonly string[];
  /** Where relative paths start and caches lie, which a worker cannot find out from a run folder. */
  readonly paths: ProjectPaths;
}

export interface ExecutorContext {
  readonly runner: JobRunner;
  readonly events: SweepEvents;
  /** Aborted when the user asks to stop: checkpoint and end. */
  readonly signal: AbortSignal;
  /** Aborted when workers shall be killed without waiting for them. */
  readonly killSignal: AbortSignal;
  /** `--slots`, which outranks the option of an executor that has one. */
  readonly slots?: number;
}

/** Executes the runs of a sweep. */
export interface Executor {
  /**
   * Prepares every source that several runs read, then executes every run whose source is ready. A failing run or source neither stops
   * nor hides the others.
   * @returns One outcome a job, in the order of `jobs`.
   */
  execute(
    jobs: readonly RunJob[],
    sources: readonly SourceJob[],
    context: ExecutorContext,
  ): Promise<readonly RunOutcome[]>;
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    executor: { creates: Executor; facts: undefined };
  }
}
