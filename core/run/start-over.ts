/**
 * Undoes a run, or its evaluation, without losing what it made: the superseded results move into the folder of the
 * attempt that made them.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writeError } from "../data/file-errors.ts";
import { lastAttempt } from "./attempts.ts";
import { attemptFolder, checkpointsFolder, routingFolder, runFiles } from "./layout.ts";

/** Makes the run pending again; it must not be running. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export function startOver(runFolder: string): void {
  // The features were found by the model that goes; the file that vouches for them goes first.
  const { evaluation, metrics, featuresInfo, features } = runFiles;
  const results = [evaluation, metrics, featuresInfo, features].map((name) => join(runFolder, name));
  setAside(runFolder, [...results, checkpointsFolder(runFolder), routingFolder(runFolder)]);
}

/** Leaves only the evaluation to be done; the run must not be running. @throws as `startOver` */
export function discardEvaluation(runFolder: string): void {
  setAside(runFolder, [join(runFolder, runFiles.evaluation)]);
}

function setAside(runFolder: string, results: readonly string[]): void {
  const attempt = lastAttempt(runFolder);
  if (attempt === undefined) return;
  const archive = join(attemptFolder(runFolder, attempt), "superseded");
  try {
    mkdirSync(archive, { recursive: true });
    for (const path of results) {
      if (existsSync(path)) renameSync(path, join(archive, path.slice(runFolder.length + 1)));
    }
  } catch (error) {
    throw writeError(archive, error);
  }
}
