/** Small JSON files of a run folder: written whole or not at all, read with an error that names the file. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { codeOf, writeError } from "../data/file-errors.ts";
import { writeAtomically } from "../data/atomic-file.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";

/** Writes and syncs: what is written survives a power cut. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeText(file, formatJson(value));
}

/** As `writeJson`, for text. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export async function writeText(file: string, text: string): Promise<void> {
  await writeAtomically(file, (handle) => handle.writeFile(text));
}

/**
 * Replaces a file atomically without waiting for the disk, for what can be written again: a sweep of a thousand runs
 * makes thousands of such files before it starts. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE
 */
export function replaceText(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    throw writeError(file, error);
  }
}

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** @returns The parsed file, or `undefined` when there is none. @throws SwitchyardError RUN_FOLDER_BROKEN */
export async function readJson(file: string): Promise<unknown> {
  try {
    return parseJson(file, await readFile(file, "utf8"));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** As `readJson`, for listings of many runs: synchronous calls take a fraction of the time. */
export function readJsonNow(file: string): unknown {
  try {
    return parseJson(file, readFileSync(file, "utf8"));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether a file error says that the file or a folder above it does not exist. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

/** @throws SwitchyardError RUN_FOLDER_BROKEN naming the file. */
export function brokenFile(file: string, received: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError("RUN_FOLDER_BROKEN", "A file of the run folder cannot be understood.", {
    where: file,
    received,
    next: "Restore the file, or move the run's folder away and run again.",
    cause,
  });
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw brokenFile(file, text === "" ? "an empty file" : messageOf(error), error);
  }
}

/** Narrows parsed JSON to an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
