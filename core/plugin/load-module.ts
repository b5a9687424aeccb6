/**
 * Imports one plugin file or package and takes its plugins out. What comes from outside is `unknown` until it was
 * checked here, and every way in which it can be wrong has its own message.
 */
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { looksLikePlugin, validateDefinition } from "./definition.ts";
import type { AnyPlugin } from "./define-plugin.ts";
import { admitPluginFolder, enableTypeScript } from "./module-resolution.ts";

/** Extensions of files that can be plugins. */
export const pluginExtensions: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

/** Whether a file's name can be a plugin's: not a test, not a declaration, not hidden. */
export function isPluginFileName(name: string): boolean {
  if (name.startsWith(".") || /\.(?:test|spec|d)\.[cm]?[jt]s$/.test(name)) return false;
  return pluginExtensions.some((extension) => name.endsWith(extension));
}

/**
 * @param file Absolute path that exists.
 * @param where Config position that asked for it.
 * @throws SwitchyardError PLUGIN_IMPORT_FAILED, PLUGIN_TYPESCRIPT, PLUGIN_NO_DEFINITION, PLUGIN_SEVERAL_EXPORTS,
 * PLUGIN_INVALID
 */
export async function loadPluginModule(file: string, where: string): Promise<AnyPlugin> {
  const realFile = await realpath(file);
  const exported = await importModule(realFile, where, { folder: dirname(realFile), modules: true });
  const names = Object.keys(exported);
  const plugins = names.filter((name) => looksLikePlugin(exported[name]));
  if (plugins.length === 0) throw noDefinition(file, names, where);
  if (names.length > 1) {
    throw new SwitchyardError("PLUGIN_SEVERAL_EXPORTS", `${file} has ${names.length} exports; a plugin file has one.`, {
      where,
      expected: "one export, the plugin",
      received: `exports ${names.join(", ")}`,
      next: "Move everything but the plugin to another file and import it from there.",
    });
  }
  return validateDefinition(exported[names[0] ?? ""], `${where}: ${file}`);
}

/**
 * All plugins that a package's entry file exports; a package may bring several.
 * @param entry Absolute path of the entry file.
 * @param folder Absolute folder of the package.
 */
export async function loadPluginPackage(entry: string, folder: string, where: string): Promise<readonly AnyPlugin[]> {
  const exported = await importModule(await realpath(entry), where, { folder: await realpath(folder), modules: false });
  const found = Object.entries(exported).filter(([, value]) => looksLikePlugin(value));
  if (found.length === 0) throw noDefinition(entry, Object.keys(exported), where);
  // `export { x as default, x }` and CommonJS interoperation show one plugin under two names.
  const plugins = [...new Set(found.map(([, value]) => value))];
  return plugins.map((value) => validateDefinition(value, `${where}: ${entry}`));
}

async function importModule(
  file: string,
  where: string,
  admit: { readonly folder: string; readonly modules: boolean },
): Promise<Readonly<Record<string, unknown>>> {
  if (file.endsWith("ts")) await enableTypeScript();
  await admitPluginFolder(admit.folder, admit);
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw importFailure(file, where, error);
  }
}

function importFailure(file: string, where: string, error: unknown): SwitchyardError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/TYPESCRIPT|TYPE_STRIPPING|UNKNOWN_FILE_EXTENSION/.test(code)) {
    return new SwitchyardError("PLUGIN_TYPESCRIPT", `${file} cannot be run as TypeScript by Node ${process.version}.`, {
      where,
      expected: "TypeScript whose types can be erased, outside node_modules; or JavaScript",
      received: firstLine(messageOf(error)),
      next: "Replace enums, parameter properties and decorators, or build the plugin to JavaScript.",
      cause: error,
    });
  }
  return new SwitchyardError("PLUGIN_IMPORT_FAILED", `${file} failed while it was imported.`, {
    where,
    received: `${error instanceof Error ? error.name : "a thrown value"}: ${firstLine(messageOf(error))}`,
    next: "Correct the plugin's file; the error above is its own.",
    cause: error,
  });
}

function noDefinition(file: string, names: readonly string[], where: string): SwitchyardError {
  return new SwitchyardError("PLUGIN_NO_DEFINITION", `${file} exports no plugin.`, {
    where,
    expected: "an export made by definePlugin({...})",
    received: names.length === 0 ? "no export" : `exports ${names.join(", ")}`,
    next: "Export the plugin: export const myRouter = definePlugin({ ... });",
  });
}

/** The first line; and the second where the first only announces it ("Transform failed with 1 error:"). */
function firstLine(text: string): string {
  const [first = "", second = ""] = text.split("\n");
  return first.endsWith(":") ? `${first} ${second}` : first;
}
