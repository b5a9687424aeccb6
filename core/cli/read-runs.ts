/** Runs of the folders that words name, for every command that reads results. */
import { resolve } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { listRuns, readRunSummary } from "../run/read-run.ts";
import { readRunRecord } from "../run/run-record.ts";
import type { RunSummary } from "../run/run-summary.ts";
import type { Io } from "./io.ts";
import { shownPath } from "./project.ts";

/**
 * @param words Each a sweep's folder, or that of a single run. Broken run folders are told of on standard error.
 * @throws SwitchyardError SWEEP_NOT_FOUND
 */
export async function readRuns(io: Io, words: readonly string[]): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  for (const word of words) {
    const folder = resolve(io.cwd, word);
    const runs = readRunRecord(folder) === undefined ? await readSweep(io, folder) : [await readRunSummary(folder)];
    found.push(...runs);
  }
  return found;
}

async function readSweep(io: Io, folder: string): Promise<readonly RunSummary[]> {
  let numBroken = 0;
  const runs = await listRuns(folder, (error) => {
    numBroken += 1;
    io.err(`${error.message}\n`);
  });
  if (runs.length > 0) return runs;
  throw new SwitchyardError("SWEEP_NOT_FOUND", "There are no runs here that can be read.", {
    where: shownPath(io, folder),
    expected: "the folder of a sweep, such as runs/quickstart",
    received: numBroken === 0 ? "no run folders" : `${numBroken} that cannot be read`,
    next: "Name the folder that switchyard run wrote; switchyard status lists them.",
  });
}
