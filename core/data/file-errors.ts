/** Turns the system's file errors (ENOENT, ENOSPC, ...) into errors that say what to do. */
import { SwitchyardError } from "../errors/switchyard-error.ts";

/** Where something in a file is wrong: "/a/b.npy, byte 12". @param byte Counted from 0; from the file's start. */
export function atByte(file: string, byte: number, what?: string): string {
  return `${file}, byte ${byte}${what === undefined ? "" : `, ${what}`}`;
}

/** @returns What to throw when reading `file` failed with `error`. */
export function readError(file: string, error: unknown): SwitchyardError {
  if (error instanceof SwitchyardError) return error;
  if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") {
    return new SwitchyardError("FILE_MISSING", "The file does not exist.", {
      where: file,
      next: "Check the path; relative paths start at the project's folder.",
      cause: error,
    });
  }
  return new SwitchyardError("FILE_UNREADABLE", "The file cannot be read.", {
    where: file,
    received: textOf(error),
    cause: error,
  });
}

/** @returns What to throw when writing `file` failed with `error`. */
export function writeError(file: string, error: unknown): SwitchyardError {
  if (error instanceof SwitchyardError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new SwitchyardError("DISK_FULL", "The disk is full; the unfinished file was removed.", {
      where: file,
      received: textOf(error),
      next: "Free space on this disk, then run the same command again.",
      cause: error,
    });
  }
  return new SwitchyardError("FILE_UNWRITABLE", "The file cannot be written.", {
    where: file,
    received: textOf(error),
    next: "Make the folder writable, or choose another one.",
    cause: error,
  });
}

/** The system's error code: "ENOENT"; undefined for errors of another kind. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
