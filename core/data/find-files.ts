/** The files behind a list of paths in a config: files as they are, folders by their files of known endings. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { readError } from "./file-errors.ts";

/**
 * @param paths Files and folders, relative to `projectFolder` or absolute. A folder stands for its own files (not
 * those of its subfolders), sorted by name.
 * @param endings Known file endings, lower case: [".txt"].
 * @returns Absolute paths, in the order of `paths`.
 * @throws SwitchyardError FILE_MISSING, NO_FILES for a folder without such files or a file with another ending
 */
export async function findFiles(
  projectFolder: string,
  paths: readonly string[],
  endings: readonly string[],
): Promise<readonly string[]> {
  const files: string[] = [];
  const isKnown = (name: string): boolean => endings.some((ending) => name.toLowerCase().endsWith(ending));
  for (const path of paths.map((written) => resolve(projectFolder, written))) {
    const found = await list(path);
    const known = found.files.filter(isKnown);
    if (known.length === 0) {
      throw new SwitchyardError("NO_FILES", found.isFolder ? "No file to read in the folder." : "Unknown file type.", {
        where: path,
        expected: `files ending in ${endings.join(", ")}`,
        received: found.isFolder ? `${found.files.length} other files` : path.slice(path.lastIndexOf(".")),
        next: "Name a file or a folder with such files.",
      });
    }
    files.push(...known);
  }
  return files;
}

async function list(path: string): Promise<{ readonly isFolder: boolean; readonly files: readonly string[] }> {
  try {
    if (!(await stat(path)).isDirectory()) return { isFolder: false, files: [path] };
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".")).map((e) => e.name);
    return { isFolder: true, files: names.sort().map((name) => join(path, name)) };
  } catch (error) {
    throw readError(path, error);
  }
}
