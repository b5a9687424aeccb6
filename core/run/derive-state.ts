/**
 * The state of a run, derived from its files every time it is asked for. Nothing stores it, so nothing can disagree
 * with what is really there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isRunning, lastAttempt, readExit } from "./attempts.ts";
import type { Failure } from "./attempts.ts";
import { readEvaluation } from "./evaluation-file.ts";
import { checkpointsFolder } from "./layout.ts";
import type { RunState } from "./run-summary.ts";

export interface DerivedState {
  readonly state: RunState;
  readonly failure?: Failure;
  /** The newest attempt, when there was one. */
  readonly attempt?: number;
}

/**
 * - `pending`: no attempt yet;
 * - `running`: the newest attempt has no exit record and its process lives;
 * - `interrupted`: it has none and its process is gone, or it recorded that it was stopped, or its results are gone;
 * - `failed`: it recorded a failure;
 * - `done`: it recorded success, the final checkpoint exists, and the evaluation can be read.
 * @throws SwitchyardError RUN_FOLDER_BROKEN when a record cannot be read
 */
export function deriveState(runFolder: string): DerivedState {
  const attempt = lastAttempt(runFolder);
  if (attempt === undefined) return { state: "pending" };
  const exit = readExit(runFolder, attempt);
  if (exit === undefined) return { state: isRunning(runFolder, attempt) ? "running" : "interrupted", attempt };
  if (exit.outcome === "failed") {
    return { state: "failed", attempt, failure: exit.failure ?? { code: "INTERNAL", message: "no reason recorded" } };
  }
  if (exit.outcome === "done" && hasResults(runFolder, exit.checkpoint)) return { state: "done", attempt };
  return { state: "interrupted", attempt };
}

function hasResults(runFolder: string, checkpoint: string | undefined): boolean {
  return (
    checkpoint !== undefined &&
    existsSync(join(checkpointsFolder(runFolder), checkpoint)) &&
    readEvaluation(runFolder) !== undefined
  );
}
