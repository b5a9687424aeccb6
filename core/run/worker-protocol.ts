/**
 * What a worker process and the process that started it say to each other. A worker does one thing and exits. When
 * the other side goes away the worker stops as if asked to, so nothing is left running.
 */
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { AssignedGpu } from "../services.ts";
import type { Failure } from "./attempts.ts";
import type { RunEvent, RunJob, RunOutcome, SourceJob } from "./contracts.ts";

/** What a worker is started for: the first thing that it is told. */
export type WorkerTask = {
  readonly paths: ProjectPaths;
  /** How many threads the worker may use. */
  readonly threads: number;
  /** The GPU that it computes on; its environment was set when the worker was started. */
  readonly gpu?: AssignedGpu | undefined;
} & (
  | { readonly type: "execute"; readonly job: RunJob; readonly prepared: string }
  | { readonly type: "prepare"; readonly source: SourceJob }
);

/** To the worker. */
export type WorkerRequest =
  | WorkerTask
  /** How many threads the run in progress may use from now on. */
  | { readonly type: "threads"; readonly threads: number }
  /** Checkpoint and end. */
  | { readonly type: "stop" };

/** From the worker. */
export type WorkerReport =
  | { readonly type: "event"; readonly event: RunEvent }
  | { readonly type: "ended"; readonly outcome: RunOutcome }
  | { readonly type: "progress"; readonly done: number; readonly total: number; readonly what: string }
  | { readonly type: "prepared" }
  | { readonly type: "prepare-failed"; readonly failure: Failure };
