/**
 * Where this package lies on disk, for everything that is read at run time (package.json, documents, templates): the
 * nearest folder above this module with Switchyard's package.json. Walking up, instead of counting folders, gives the
 * same answer for the sources and for the bundle in dist/.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
}

/** Absolute folder that holds Switchyard's package.json. */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** The version in Switchyard's package.json. */
export function packageVersion(): string {
  return readManifest(packageRoot)?.version ?? "unknown";
}

/** @throws Error when no folder above `start` is Switchyard's: the installation is broken. */
export function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (readManifest(folder)?.name === "switchyard") return folder;
    if (dirname(folder) === folder) {
      throw new Error(`No package.json of switchyard lies above ${start}: install Switchyard again.`);
    }
  }
}

function readManifest(folder: string): PackageManifest | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")) as PackageManifest;
}
