/**
 * Attempts of a run. Beginning an attempt is also the lock of the run: the attempt's folder, with the identity of its
 * process inside, is renamed into place in one step, and only one of two processes can succeed.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, writeError } from "../data/file-errors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { brokenFile, formatJson, isRecord, readJsonNow, writeJson } from "./json-file.ts";
import { attemptFiles, attemptFolder, attemptsFolder, listAttempts } from "./layout.ts";
import { isAlive, thisProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** start.json */
export interface AttemptStart {
  readonly process: ProcessIdentity;
  /** ISO 8601. */
  readonly startedAt: string;
}

export type AttemptOutcome = "done" | "failed" | "interrupted";

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** exit.json */
export interface AttemptExit {
  readonly outcome: AttemptOutcome;
  /** ISO 8601. */
  readonly endedAt: string;
  /** File name of the final checkpoint of a run that is done. */
  readonly checkpoint?: string;
  readonly failure?: Failure;
}

export interface Attempt {
  /** Counted from 1. */
  readonly number: number;
  readonly folder: string;
}

/**
 * A folder for what a worker prints before its attempt has begun. `beginAttempt` makes it the attempt's folder, so
 * that an open log stays open.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE
 */
export function prepareAttempt(runFolder: string, token: string): string {
  const folder = join(attemptsFolder(runFolder), `.starting-${token}`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
  return folder;
}

/**
 * Claims the run for this process.
 * @param prepared What `prepareAttempt` returned, when a parent process made it.
 * @throws SwitchyardError RUN_LOCKED when another living process has it; DISK_FULL, FILE_UNWRITABLE
 */
export function beginAttempt(runFolder: string, prepared?: string): Attempt {
  const last = lastAttempt(runFolder);
  if (last !== undefined && isRunning(runFolder, last)) throw locked(runFolder, last);
  const number = (last ?? 0) + 1;
  const folder = attemptFolder(runFolder, number);
  const starting = prepared ?? prepareAttempt(runFolder, `${process.pid}-${number}`);
  try {
    const start: AttemptStart = { process: thisProcess(), startedAt: new Date().toISOString() };
    // Synced before the rename: after a power cut an attempt without a readable start would block its run.
    writeFileSync(join(starting, attemptFiles.start), formatJson(start), { flush: true });
    renameSync(starting, folder);
  } catch (error) {
    if (prepared === undefined) rmSync(starting, { recursive: true, force: true });
    if (["ENOTEMPTY", "EEXIST", "EPERM"].includes(codeOf(error) ?? "")) throw locked(runFolder, number);
    throw writeError(folder, error);
  }
  return { number, folder };
}

/** Records how an attempt ended. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export async function endAttempt(attempt: Attempt, exit: Omit<AttemptExit, "endedAt">): Promise<void> {
  await writeJson(join(attempt.folder, attemptFiles.exit), { ...exit, endedAt: new Date().toISOString() });
}

/** Number of the newest attempt, or `undefined` before the first. */
export function lastAttempt(runFolder: string): number | undefined {
  return listAttempts(runFolder).at(-1);
}

/**
 * Gives the run free without an exit record, when that cannot be written. The attempt then reads as interrupted.
 * Removing a file needs no space.
 */
export function abandonAttempt(attempt: Attempt): void {
  rmSync(join(attempt.folder, attemptFiles.start), { force: true });
}

/** @returns `undefined` for an attempt that was abandoned. @throws SwitchyardError RUN_FOLDER_BROKEN */
export function readStart(runFolder: string, attempt: number): AttemptStart | undefined {
  const file = join(attemptFolder(runFolder, attempt), attemptFiles.start);
  const value = readJsonNow(file);
  if (value === undefined) return undefined;
  if (!isStart(value)) throw brokenFile(file, "no attempt record");
  return value;
}

/** @returns `undefined` while the attempt has not ended. @throws SwitchyardError RUN_FOLDER_BROKEN */
export function readExit(runFolder: string, attempt: number): AttemptExit | undefined {
  const file = join(attemptFolder(runFolder, attempt), attemptFiles.exit);
  const value = readJsonNow(file);
  if (value === undefined) return undefined;
  if (!isExit(value)) throw brokenFile(file, "no exit record");
  return value;
}

/**
 * Whether the attempt's process is at work. One on another host counts as at work until it says otherwise: nobody can
 * look from here, and training twice at once would destroy what it wrote.
 */
export function isRunning(runFolder: string, attempt: number): boolean {
  if (readExit(runFolder, attempt) !== undefined) return false;
  const start = readStart(runFolder, attempt);
  return start !== undefined && (isAlive(start.process) ?? true);
}

function locked(runFolder: string, attempt: number): SwitchyardError {
  const holder = readStart(runFolder, attempt)?.process;
  const file = join(attemptFolder(runFolder, attempt), attemptFiles.start);
  return new SwitchyardError("RUN_LOCKED", "Another process is working on this run.", {
    where: runFolder,
    received: `attempt ${attempt} of process ${holder?.pid ?? "unknown"} on ${holder?.host ?? "unknown"}`,
    next: `Wait for it or stop it. If that host is gone, remove ${file} together with its folder.`,
  });
}

function isStart(value: unknown): value is AttemptStart {
  if (!isRecord(value) || !isRecord(value["process"])) return false;
  return typeof value["process"]["pid"] === "number" && typeof value["process"]["host"] === "string";
}

function isExit(value: unknown): value is AttemptExit {
  return isRecord(value) && ["done", "failed", "interrupted"].includes(String(value["outcome"]));
}
