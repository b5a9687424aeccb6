/** Makes the folder of a planned run, or takes the one that is there when it is the same run. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunConfig, ValueSource } from "../config/config.ts";
import { writeError } from "../data/file-errors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ModelShape } from "../model/contracts.ts";
import { canonicalJson } from "../sweep/identity.ts";
import { deriveState } from "./derive-state.ts";
import type { DerivedState } from "./derive-state.ts";
import { formatJson, replaceText } from "./json-file.ts";
import { runFiles, runFormat } from "./layout.ts";
import { readRunConfig, writeRunConfig } from "./run-config-file.ts";
import { readRunRecord } from "./run-record.ts";
import type { ImportedFrom, RunRecord } from "./run-record.ts";
import { discardEvaluation } from "./start-over.ts";

/** What a folder is made of; a planned run has it all. */
export interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly config: RunConfig;
  readonly sources: ReadonlyMap<string, ValueSource>;
  readonly axes: Readonly<Record<string, unknown>>;
  readonly shape: ModelShape;
  readonly facts: Readonly<Record<string, unknown>>;
  /** "kind/name@version" */
  readonly plugins: readonly string[];
  /** Of a run whose first checkpoint was written by an import; nothing is trained then. */
  readonly imported?: ImportedFrom;
}

/**
 * run.json is written last, so that a folder without it is no run yet. A run that is done or running keeps its
 * config; any other takes today's, which has the same id and may differ in what does not change results. A run that
 * is done, but for another evaluation than today's, has its evaluation to do again. What the run is called, and by
 * which axes, is today's in every case.
 * @param folder Absolute, as `createFolderFinder` gives it.
 * @throws SwitchyardError RUN_FORMAT, RUN_ID_MISMATCH, RUN_FOLDER_BROKEN, DISK_FULL, FILE_UNWRITABLE
 */
export function createRunFolder(folder: string, sweep: string, run: NewRun): DerivedState {
  const existing = readRunRecord(folder);
  if (existing !== undefined && existing.id !== run.id) throw otherRun(folder, existing.id, run.id);
  const before = existing === undefined ? { state: "pending" as const } : stateFor(folder, existing, run);
  if (before.state !== "done" && before.state !== "running") {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw writeError(folder, error);
    }
    writeRunConfig(folder, run.config, run.sources);
  }
  const { id, name, axes, shape, facts, plugins, imported } = run;
  const origin = imported === undefined ? {} : { imported };
  const record: RunRecord = { format: runFormat, id, name, sweep, axes, shape, facts, plugins, ...origin };
  if (existing === undefined || formatJson(existing) !== formatJson(record)) {
    replaceText(join(folder, runFiles.record), formatJson(record));
  }
  return before;
}

/** The state of an existing folder; a run that is done but asks for another evaluation has that still to do. */
function stateFor(folder: string, existing: RunRecord, run: NewRun): DerivedState {
  const before = deriveState(folder);
  if (before.state !== "done" || !asksForOtherEvaluation(folder, existing, run)) return before;
  discardEvaluation(folder);
  return deriveState(folder);
}

/** Whether the evaluation in a run's folder was asked for by another config, or made by other evaluators. */
export function asksForOtherEvaluation(
  folder: string,
  existing: RunRecord,
  { config, plugins }: Pick<NewRun, "config" | "plugins">,
): boolean {
  const evaluators = (used: readonly string[]): string[] => used.filter((name) => name.startsWith("evaluator/")).sort();
  return (
    canonicalJson(readRunConfig(folder).evaluation) !== canonicalJson(config.evaluation) ||
    canonicalJson(evaluators(existing.plugins)) !== canonicalJson(evaluators(plugins))
  );
}

function otherRun(folder: string, received: string, expected: string): SwitchyardError {
  return new SwitchyardError("RUN_ID_MISMATCH", "The run's folder holds another run.", {
    where: join(folder, runFiles.record),
    expected: `id ${expected}`,
    received: `id ${received}`,
    next: "Move that folder away and run the same command again.",
  });
}
