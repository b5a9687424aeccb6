/** run.json: what a run is, written once when its folder is made. Its state is elsewhere (see derive-state.ts). */
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ModelShape } from "../model/contracts.ts";
import { brokenFile, isRecord, readJsonNow } from "./json-file.ts";
import { runFiles, runFormat } from "./layout.ts";

/** Where the parameters of a run come from that was imported and not trained here. */
export interface ImportedFrom {
  /** As `switchyard import --format` names it. */
  readonly format: string;
  /** What the library calls it: "jumprelu", "SwitchAutoEncoder". */
  readonly architecture: string;
  readonly files: readonly ImportedFile[];
  /** What was changed or left out on the way. */
  readonly notes: readonly string[];
}

export interface ImportedFile {
  /** Absolute, at the time of the import. */
  readonly path: string;
  readonly sha256: string;
}

export interface RunRecord {
  readonly format: typeof runFormat;
  /** 12 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly sweep: string;
  /** Swept path -> value of this run. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly shape: ModelShape;
  /** What was known of source, router and expert before anything was built. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** "kind/name@version" of every plugin whose version entered the id. */
  readonly plugins: readonly string[];
  /** Only of an imported run: it has no training, and its one checkpoint is that of step 0. */
  readonly imported?: ImportedFrom;
}

/**
 * @returns The record, or `undefined` when the folder holds no run.
 * @throws SwitchyardError RUN_FORMAT, RUN_FOLDER_BROKEN
 */
export function readRunRecord(folder: string): RunRecord | undefined {
  const file = join(folder, runFiles.record);
  const value = readJsonNow(file);
  if (value === undefined) return undefined;
  if (isRecord(value) && value["format"] !== runFormat) throw otherFormat(file, value["format"]);
  if (!isRunRecord(value)) throw brokenFile(file, "no run record (id, name, sweep, axes, shape, facts, plugins)");
  return value;
}

/** As `readRunRecord`, for a folder that must be a run. @throws SwitchyardError RUN_FOLDER_BROKEN and as above */
export function requireRunRecord(folder: string): RunRecord {
  const record = readRunRecord(folder);
  if (record === undefined) throw brokenFile(join(folder, runFiles.record), "no such file");
  return record;
}

function otherFormat(file: string, format: unknown): SwitchyardError {
  return new SwitchyardError("RUN_FORMAT", "This run folder has another layout than this version of Switchyard.", {
    where: file,
    expected: `format ${runFormat}`,
    received: format === undefined ? "no format" : `format ${JSON.stringify(format)}`,
    next: "Use the version of Switchyard that wrote it, or another folder (--runs). Nothing was changed.",
  });
}

function isRunRecord(value: unknown): value is RunRecord {
  return (
    isRecord(value) &&
    ["id", "name", "sweep"].every((field) => typeof value[field] === "string") &&
    ["axes", "shape", "facts"].every((field) => isRecord(value[field])) &&
    Array.isArray(value["plugins"]) &&
    (value["imported"] === undefined || isImported(value["imported"]))
  );
}

function isImported(value: unknown): boolean {
  return isRecord(value) && typeof value["format"] === "string" && Array.isArray(value["files"]);
}
