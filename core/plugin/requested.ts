/**
 * Turns an entry of a config's `plugins:` into files to load: a path to a file, a path to a folder, or the name of
 * an installed npm package. Nothing that was not asked for is imported.
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { AnyPlugin } from "./define-plugin.ts";
import { pluginKinds } from "./kinds.ts";
import { isPluginFileName, loadPluginModule, loadPluginPackage, pluginExtensions } from "./load-module.ts";
import { packageEntry, type PackageManifest } from "./package-entry.ts";

/** One entry of `plugins:`. */
export interface PluginRequest {
  /** A file, a folder or a package's name, as written. */
  readonly specifier: string;
  /** Where it was written, for messages: "configs/a.yaml:3:5". */
  readonly where: string;
}

/** A plugin with where it came from. */
export interface FoundPlugin {
  readonly plugin: AnyPlugin;
  readonly origin: string;
}

const packageKeyword = "switchyard-plugin";
const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** @throws SwitchyardError PLUGIN_NOT_FOUND, and those of loading. */
export async function loadRequest(request: PluginRequest, projectFolder: string): Promise<readonly FoundPlugin[]> {
  const named = resolve(projectFolder, request.specifier);
  // One file is one plugin, however its path is written.
  const path = await realpath(named).catch(() => named);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return [await loadFile(path, request.where)];
  if (found?.isDirectory() === true) return loadFolder(path, request.where);
  if (isPathLike(request.specifier)) throw notFound(request, `there is no file ${path}`);
  return loadPackage(request, projectFolder);
}

/** Plugin files of a folder: those in it, and those in its folders that are named after a kind; sorted. */
export async function listPluginFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const direct = entries.filter((entry) => !entry.isDirectory() && isPluginFileName(entry.name));
  const kindFolders = entries.filter((entry) => entry.isDirectory() && pluginKinds.some((kind) => kind === entry.name));
  const nested = await Promise.all(
    kindFolders.map(async (kind) => {
      const names = await readdir(join(folder, kind.name));
      return names.filter(isPluginFileName).map((name) => join(folder, kind.name, name));
    }),
  );
  return [...direct.map((entry) => join(folder, entry.name)), ...nested.flat()].sort();
}

async function loadFile(path: string, where: string): Promise<FoundPlugin> {
  if (!isPluginFileName(path.slice(dirname(path).length + 1))) {
    throw new SwitchyardError("PLUGIN_NOT_FOUND", `${path} is not a plugin file.`, {
      where,
      expected: `a file that ends in ${pluginExtensions.join(", ")}`,
      received: path,
      next: "Name the module that exports the plugin.",
    });
  }
  return { plugin: await loadPluginModule(path, where), origin: path };
}

async function loadFolder(folder: string, where: string): Promise<readonly FoundPlugin[]> {
  const files = await listPluginFiles(folder);
  if (files.length === 0) {
    throw new SwitchyardError("PLUGIN_NOT_FOUND", `The folder ${folder} holds no plugin file.`, {
      where,
      expected: `files that end in ${pluginExtensions.join(", ")}, in the folder or in <kind>/`,
      next: "Correct the path, or remove the entry.",
    });
  }
  return Promise.all(files.map((file) => loadFile(file, where)));
}

async function loadPackage(request: PluginRequest, projectFolder: string): Promise<readonly FoundPlugin[]> {
  const folder = packageName.test(request.specifier) ? await findPackage(request.specifier, projectFolder) : undefined;
  if (folder === undefined) throw notFound(request, "no such file, no such folder, no such installed package");
  const manifest = await readManifest(join(folder, "package.json"), request);
  if (manifest.keywords?.includes(packageKeyword) !== true) {
    throw new SwitchyardError(
      "PLUGIN_NOT_A_PLUGIN_PACKAGE",
      `The package ${request.specifier} is not a Switchyard plugin.`,
      {
        where: request.where,
        expected: `"keywords": ["${packageKeyword}"] in ${join(folder, "package.json")}`,
        received: `keywords ${JSON.stringify(manifest.keywords ?? [])}`,
        next: "Correct the package's name.",
      },
    );
  }
  const entry = join(folder, packageEntry(manifest));
  if ((await stat(entry).catch(() => undefined)) === undefined)
    throw notFound(request, `its entry ${entry} is missing`);
  const plugins = await loadPluginPackage(entry, folder, request.where);
  return plugins.map((plugin) => ({ plugin, origin: `package ${request.specifier}@${manifest.version ?? "unknown"}` }));
}

async function readManifest(file: string, request: PluginRequest): Promise<PackageManifest> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as PackageManifest;
  } catch (cause) {
    throw new SwitchyardError("PLUGIN_NOT_A_PLUGIN_PACKAGE", `${file} cannot be read.`, {
      where: request.where,
      expected: "a package.json",
      received: messageOf(cause),
      next: "Install the package again.",
      cause,
    });
  }
}

/** The package's folder in the nearest node_modules above the project. */
async function findPackage(name: string, projectFolder: string): Promise<string | undefined> {
  for (let folder = projectFolder; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if ((await stat(join(candidate, "package.json")).catch(() => undefined)) !== undefined) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

function isPathLike(specifier: string): boolean {
  return specifier.startsWith(".") || isAbsolute(specifier) || pluginExtensions.some((end) => specifier.endsWith(end));
}

function notFound(request: PluginRequest, why: string): SwitchyardError {
  return new SwitchyardError("PLUGIN_NOT_FOUND", `The plugin "${request.specifier}" was not found: ${why}.`, {
    where: request.where,
    expected: "a path relative to the project's folder, or the name of an npm package installed there",
    received: request.specifier,
    next: "Correct the path, or run npm install for the package.",
  });
}
