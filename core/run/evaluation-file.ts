/**
 * evaluation.json: what the evaluators of a run found. A file that cannot be understood counts as none: the run is then
 * evaluated again from its last checkpoint, which costs seconds where training cost hours.
 */
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { isRecord, readJsonNow } from "./json-file.ts";
import { runFiles } from "./layout.ts";

export interface StoredEvaluation {
  /** `<evaluator>/<metric>` -> value. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Evaluator -> artefact name -> value. */
  readonly artefacts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** @returns `undefined` before the run was evaluated, and when the file is damaged. */
export function readEvaluation(runFolder: string): StoredEvaluation | undefined {
  try {
    const value = readJsonNow(join(runFolder, runFiles.evaluation));
    return isEvaluation(value) ? { metrics: value.metrics, artefacts: value.artefacts } : undefined;
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === "RUN_FOLDER_BROKEN") return undefined;
    throw error;
  }
}

function isEvaluation(value: unknown): value is StoredEvaluation {
  return (
    isRecord(value) &&
    isRecord(value["metrics"]) &&
    Object.values(value["metrics"]).every((metric) => typeof metric === "number") &&
    isRecord(value["artefacts"])
  );
}
