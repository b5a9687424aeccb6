/**
 * Finds the folder of a run by its id. Its name starts with what its sweep varied, so the same run can be asked for
 * under another name later; the digits at the end say that it is there already.
 */
import { join } from "node:path";
import { namesIn } from "./layout.ts";
import { readRunRecord } from "./run-record.ts";

export interface NamedRun {
  readonly id: string;
  readonly folderName: string;
}

/** Lists a sweep's folder once; the function it returns gives the absolute folder of a run, whether it exists or not. */
export function createFolderFinder(sweepFolder: string): (run: NamedRun) => string {
  const byDigits = new Map<string, string[]>();
  for (const name of namesIn(sweepFolder)) {
    const digits = /-([0-9a-f]{8})$/.exec(name)?.[1];
    if (digits !== undefined) byDigits.set(digits, [...(byDigits.get(digits) ?? []), name]);
  }
  return ({ id, folderName }) => {
    const candidates = byDigits.get(id.slice(0, 8)) ?? [];
    const found = candidates.includes(folderName)
      ? folderName
      : candidates.find((name) => isRunOf(join(sweepFolder, name), id));
    return join(sweepFolder, found ?? folderName);
  };
}

/** A folder that cannot be read is somebody else's trouble, not this run's place. */
function isRunOf(folder: string, id: string): boolean {
  try {
    return readRunRecord(folder)?.id === id;
  } catch {
    return false;
  }
}
