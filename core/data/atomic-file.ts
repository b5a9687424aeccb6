/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old file or the whole new one, never a
 * part: temporary name in the same folder, fsync of the file, rename, fsync of the folder.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeError } from "./file-errors.ts";

/**
 * Writes `file` by `write`, which receives the open temporary file. The folder is created when missing.
 * @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE; the temporary file is removed and `file` is as before.
 */
export async function writeAtomically(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const folder = dirname(file);
  const temporary = join(folder, `.${basename(file)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, "wx");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    // The temporary file may not exist, or its folder may be gone; the first error is the one to report.
    await unlink(temporary).catch(() => undefined);
    throw writeError(file, error);
  }
}

/** Makes a rename in `folder` durable. Windows cannot open folders and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
