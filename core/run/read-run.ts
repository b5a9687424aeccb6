/** Reads runs from their folders; every table, plot and listing starts here. */
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { deriveState } from "./derive-state.ts";
import { readEvaluation } from "./evaluation-file.ts";
import { namesIn, runFiles } from "./layout.ts";
import { readMetrics } from "./metrics-file.ts";
import { readRunConfig } from "./run-config-file.ts";
import { readRunRecord, requireRunRecord } from "./run-record.ts";
import type { RunSummary } from "./run-summary.ts";

/** @throws SwitchyardError RUN_FORMAT, RUN_FOLDER_BROKEN, METRICS_BROKEN */
export async function readRunSummary(folder: string): Promise<RunSummary> {
  const { id, name, sweep, shape, axes } = requireRunRecord(folder);
  const { state, failure } = deriveState(folder);
  return {
    ...{ id, name, sweep, folder, state, shape, axes },
    config: readRunConfig(folder),
    ...(readEvaluation(folder) ?? { metrics: {}, artefacts: {} }),
    steps: await readMetrics(join(folder, runFiles.metrics)),
    ...(failure === undefined ? {} : { failure }),
  };
}

/**
 * Every run of a sweep's folder, in the order of their names ("experts=2" before "experts=16").
 * @param onProblem Told of folders that cannot be read, which are then left out; without it the first one throws.
 * @throws SwitchyardError as `readRunSummary`
 */
export async function listRuns(
  sweepFolder: string,
  onProblem?: (error: SwitchyardError) => void,
): Promise<readonly RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const name of namesIn(sweepFolder)) {
    const folder = join(sweepFolder, name);
    try {
      if (readRunRecord(folder) !== undefined) runs.push(await readRunSummary(folder));
    } catch (error) {
      if (onProblem === undefined || !(error instanceof SwitchyardError)) throw error;
      onProblem(error);
    }
  }
  const byName = new Intl.Collator("en", { numeric: true });
  return runs.sort((a, b) => byName.compare(a.name, b.name) || byName.compare(a.id, b.id));
}
