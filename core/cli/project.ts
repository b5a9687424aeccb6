/**
 * Which project a config belongs to. Relative paths in a config start at the project's folder, so that a config means
 * the same wherever the command is typed and wherever in the project the file lies.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { ProjectPaths } from "../plugin/define-plugin.ts";
import type { Io } from "./io.ts";

export interface Project extends ProjectPaths {
  /** Absolute: where sweeps are written unless `--runs` says otherwise. */
  readonly runsFolder: string;
  /** Absolute: the JSON Schema that editors read. */
  readonly schemaFile: string;
}

const marks = [".switchyard", "package.json", ".git"];

/**
 * The nearest folder at or above `start` that holds `.switchyard`, a package.json or a git repository; else `start`.
 * @param start Absolute.
 */
export function findProject(start: string): Project {
  let folder = start;
  while (!marks.some((mark) => existsSync(join(folder, mark)))) {
    const above = dirname(folder);
    if (above === folder) return projectAt(start);
    folder = above;
  }
  return projectAt(folder);
}

function projectAt(projectFolder: string): Project {
  return {
    projectFolder,
    cacheFolder: join(projectFolder, ".switchyard", "cache"),
    runsFolder: join(projectFolder, "runs"),
    schemaFile: join(projectFolder, ".switchyard", "schema.json"),
  };
}

/** The project of a config file that a word names, and the file's name for messages. */
export function projectOfConfig(io: Io, word: string): { readonly project: Project; readonly file: string } {
  const absolute = resolve(io.cwd, word);
  const project = findProject(dirname(absolute));
  const fromProject = relative(project.projectFolder, absolute);
  return { project, file: project.projectFolder === io.cwd ? fromProject : absolute };
}

/** A path for messages: relative where that is shorter to read. */
export function shownPath(io: Io, absolute: string): string {
  const path = relative(io.cwd, absolute);
  return path === "" ? "." : path.startsWith("..") ? absolute : path;
}
