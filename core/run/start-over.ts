/**
 * Makes a run pending again without losing what it made: the superseded results move into the folder of the attempt
 * that made them.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writeError } from "../data/file-errors.ts";
import { lastAttempt } from "./attempts.ts";
import { attemptFolder, checkpointsFolder, runFiles } from "./layout.ts";

/** The run must not be running. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export function startOver(runFolder: string): void {
  const attempt = lastAttempt(runFolder);
  if (attempt === undefined) return;
  const archive = join(attemptFolder(runFolder, attempt), "superseded");
  const results = [
    join(runFolder, runFiles.evaluation),
    join(runFolder, runFiles.metrics),
    checkpointsFolder(runFolder),
  ];
  try {
    mkdirSync(archive, { recursive: true });
    for (const path of results) {
      if (existsSync(path)) renameSync(path, join(archive, path.slice(runFolder.length + 1)));
    }
  } catch (error) {
    throw writeError(archive, error);
  }
}
