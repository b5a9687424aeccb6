/** Reads the times of a finished sweep from its folders. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readExit, readStart } from "../../core/run/attempts.ts";
import { deriveState } from "../../core/run/derive-state.ts";
import { logFile, runFiles } from "../../core/run/layout.ts";
import { readMetrics } from "../../core/run/metrics-file.ts";
import { readRunRecord } from "../../core/run/run-record.ts";
import { CheckFailed } from "../program.ts";
import { readLogDevice, readLogTimes, type RunTimes, type SweepTimes } from "./timeline.ts";

export interface FinishedSweep {
  readonly times: Pick<SweepTimes, "plannedAt" | "sourceReadyAt" | "runs">;
  /** As the runs' logs describe it. */
  readonly device: string;
}

/**
 * @param sweepFolder `runs/<sweep>`
 * @param cacheFolder Where the activations were harvested into; it was empty before.
 * @throws CheckFailed unless every run is done, in its first attempt.
 */
export async function readSweep(sweepFolder: string, cacheFolder: string): Promise<FinishedSweep> {
  const folders = readdirSync(sweepFolder)
    .map((name) => join(sweepFolder, name))
    .filter((folder) => statSync(folder).isDirectory() && readRunRecord(folder) !== undefined);
  const runs: RunTimes[] = [];
  for (const folder of folders) runs.push(await readRunTimes(folder));
  if (runs.length === 0) throw new CheckFailed("The sweep left no run.");
  return {
    times: {
      runs,
      plannedAt: Math.max(...folders.map((folder) => statSync(join(folder, runFiles.record)).mtimeMs)),
      sourceReadyAt: readSourceTime(cacheFolder),
    },
    device: readLogDevice(readFileSync(logFile(folders[0] ?? "", 1), "utf8")) ?? "unknown",
  };
}

async function readRunTimes(folder: string): Promise<RunTimes> {
  const { state, attempt } = deriveState(folder);
  const [start, exit] = [readStart(folder, 1), readExit(folder, 1)];
  if (state !== "done" || attempt !== 1 || start === undefined || exit === undefined) {
    throw new CheckFailed(`The run in ${folder} is ${state}, attempt ${attempt ?? "none"}.`);
  }
  const steps = await readMetrics(join(folder, runFiles.metrics));
  const lastStep = steps.at(-1)?.step ?? 0;
  if (steps.length !== lastStep) throw new CheckFailed(`${folder} logged ${steps.length} of ${lastStep} steps.`);
  return {
    name: readRunRecord(folder)?.name ?? folder,
    startedAt: Date.parse(start.startedAt),
    ...readLogTimes(readFileSync(logFile(folder, 1), "utf8")),
    endedAt: Date.parse(exit.endedAt),
    stepsMs: steps.reduce((sum, { stepMs }) => sum + stepMs, 0),
    numSteps: steps.length,
  };
}

/** When the index of the one cache entry was written, which is its last file. */
function readSourceTime(cacheFolder: string): number {
  const activations = join(cacheFolder, "activations");
  const [entry, ...others] = readdirSync(activations);
  if (entry === undefined || others.length > 0) throw new CheckFailed(`${activations} does not hold one harvest.`);
  return statSync(join(activations, entry, "index.json")).mtimeMs;
}
