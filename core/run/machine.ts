/** What the machine offers to runs: the runtime, cores, memory, and room on the disk that run folders are written to. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { dirname } from "node:path";

export interface Machine {
  /** Version of Node: "22.18.0". */
  readonly node: string;
  /** "linux x64" */
  readonly system: string;
  readonly processor: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** That this process may use: less than the machine's in a container with a limit. */
  readonly memoryBytes: number;
  readonly availableMemoryBytes: number;
  /** Unknown where the file system does not tell. */
  readonly freeDiskBytes?: number;
}

/** @param runsFolder Absolute; need not exist yet. */
export async function describeMachine(runsFolder: string): Promise<Machine> {
  const freeDiskBytes = await freeBytes(runsFolder);
  return {
    node: process.versions.node,
    system: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: memoryLimit(totalmem(), process.constrainedMemory()),
    availableMemoryBytes: process.availableMemory(),
    ...(freeDiskBytes === undefined ? {} : { freeDiskBytes }),
  };
}

/** @param limit Of the process's control group; 0, or more than there is, where there is none. */
export function memoryLimit(total: number, limit: number): number {
  return limit > 0 && limit < total ? limit : total;
}

/** Free for this user on the disk that a folder is on, or will be on. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    const { bavail, bsize } = await statfs(existing);
    return bavail * bsize;
  } catch {
    // Some network and user file systems do not answer; the number is for information only.
    return undefined;
  }
}
