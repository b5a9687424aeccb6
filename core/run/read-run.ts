/** Reads runs from their folders; every table, plot and listing starts here. */
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { deriveState } from "./derive-state.ts";
import { brokenFile, isRecord, readJson } from "./json-file.ts";
import { namesIn, runFiles } from "./layout.ts";
import { readMetrics } from "./metrics-file.ts";
import { readRunConfig } from "./run-config-file.ts";
import { readRunRecord, requireRunRecord } from "./run-record.ts";
import type { RunSummary } from "./run-summary.ts";

type Metrics = Readonly<Record<string, number>>;
type Artefacts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** @throws SwitchyardError RUN_FORMAT, RUN_FOLDER_BROKEN, METRICS_BROKEN */
export async function readRunSummary(folder: string): Promise<RunSummary> {
  const { id, name, sweep, shape, axes } = requireRunRecord(folder);
  const { state, failure } = deriveState(folder);
  return {
    ...{ id, name, sweep, folder, state, shape, axes },
    config: readRunConfig(folder),
    ...(await readEvaluation(folder)),
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

async function readEvaluation(folder: string): Promise<{ metrics: Metrics; artefacts: Artefacts }> {
  const file = join(folder, runFiles.evaluation);
  const value = await readJson(file);
  if (value === undefined) return { metrics: {}, artefacts: {} };
  if (!isEvaluation(value)) throw brokenFile(file, "no metrics and artefacts");
  return { metrics: value.metrics, artefacts: value.artefacts };
}

function isEvaluation(value: unknown): value is { metrics: Metrics; artefacts: Artefacts } {
  return (
    isRecord(value) &&
    isRecord(value["metrics"]) &&
    Object.values(value["metrics"]).every((metric) => typeof metric === "number") &&
    isRecord(value["artefacts"])
  );
}
