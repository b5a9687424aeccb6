/**
 * Every plugin that a config may name: the built-in ones, those that the config requests, and those in the project's
 * own plugins/ folder. Built-in plugins and the project's are known by name and imported only when used; requested
 * ones are imported at once, because only their definition says what they are.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { packageRoot } from "../package-root.ts";
import { isPluginName, validateDefinition } from "./definition.ts";
import type { AnyPlugin } from "./define-plugin.ts";
import { pluginKinds, type PluginKind } from "./kinds.ts";
import { loadPluginModule } from "./load-module.ts";
import { listPluginFiles, loadRequest, type FoundPlugin, type PluginRequest } from "./requested.ts";

export interface CatalogueEntry {
  readonly kind: PluginKind;
  readonly name: string;
  /** "built in", the plugin's file, or "package <name>@<version>". */
  readonly origin: string;
  /** Imports and checks the plugin; the same promise every time. */
  load(): Promise<AnyPlugin>;
}

export interface PluginCatalogue {
  has(kind: PluginKind, name: string): boolean;
  /** Sorted. */
  names(kind: PluginKind): readonly string[];
  /** @throws SwitchyardError PLUGIN_UNKNOWN with the known names, or what loading it found. */
  load(kind: PluginKind, name: string): Promise<AnyPlugin>;
  /** Sorted by kind, in the order of `pluginKinds`, then by name. */
  list(kind?: PluginKind): Promise<readonly CatalogueEntry[]>;
}

/** "kind/name" -> lazy import of a built-in plugin. */
export type BuiltInPlugins = Readonly<Record<string, () => Promise<AnyPlugin>>>;

export interface CatalogueOptions {
  readonly builtIn: BuiltInPlugins;
  readonly requested: readonly PluginRequest[];
  /** Absolute. */
  readonly projectFolder: string;
}

/**
 * @throws SwitchyardError PLUGIN_DUPLICATE when two plugins share kind and name, PLUGIN_NOT_FOUND and the errors of
 * loading for requested plugins.
 */
export async function createCatalogue(options: CatalogueOptions): Promise<PluginCatalogue> {
  const entries = new Map<string, CatalogueEntry>();
  for (const [key, load] of Object.entries(options.builtIn)) add(entries, builtInEntry(key, load), "built in");
  for (const request of options.requested) {
    for (const found of await loadRequest(request, options.projectFolder)) {
      add(entries, loadedEntry(found), request.where);
    }
  }
  for (const entry of await projectEntries(options.projectFolder)) add(entries, entry, entry.origin);
  return catalogueOf(entries);
}

function add(entries: Map<string, CatalogueEntry>, entry: CatalogueEntry, where: string): void {
  const key = `${entry.kind}/${entry.name}`;
  const other = entries.get(key);
  if (other === undefined) {
    entries.set(key, entry);
  } else if (other.origin !== entry.origin) {
    throw new SwitchyardError("PLUGIN_DUPLICATE", `Two plugins are called ${key}.`, {
      where,
      expected: "one plugin for each kind and name",
      received: `${key} from ${other.origin} and from ${entry.origin}`,
      next: "Rename one of them, or remove one of the entries under plugins.",
    });
  }
}

function builtInEntry(key: string, load: () => Promise<AnyPlugin>): CatalogueEntry {
  const [kindName, name] = key.split("/");
  const kind = pluginKinds.find((known) => known === kindName);
  if (kind === undefined || name === undefined) throw new TypeError(`"${key}" is not <kind>/<name>`);
  const where = `built-in plugin ${key}`;
  return lazyEntry({ kind, name, origin: "built in" }, async () => validateDefinition(await load(), where), where);
}

function loadedEntry(found: FoundPlugin): CatalogueEntry {
  const { plugin, origin } = found;
  return { kind: plugin.kind, name: plugin.name, origin, load: () => Promise.resolve(plugin) };
}

/** Plugins of the project's own plugins/ folder; this package's own are built in already. */
async function projectEntries(projectFolder: string): Promise<readonly CatalogueEntry[]> {
  const folder = join(projectFolder, "plugins");
  if (!existsSync(folder) || realpathSync(projectFolder) === realpathSync(packageRoot)) return [];
  const files = await listPluginFiles(realpathSync(folder));
  return Promise.all(files.map((file) => projectEntry(file)));
}

/** <kind>/<name>.ts is known by its path; a file directly in plugins/ has to be imported to know what it is. */
async function projectEntry(file: string): Promise<CatalogueEntry> {
  const kind = pluginKinds.find((known) => known === basename(dirname(file)));
  if (kind === undefined) return loadedEntry({ plugin: await loadPluginModule(file, file), origin: file });
  const name = basename(file, extname(file));
  if (!isPluginName(name)) {
    throw new SwitchyardError("PLUGIN_MISPLACED", `${file} cannot be a plugin's file.`, {
      where: file,
      expected: `${kind}/<name>.ts with a name in kebab-case`,
      received: basename(file),
      next: "Rename the file after the plugin, or move code that is not a plugin out of plugins/.",
    });
  }
  return lazyEntry({ kind, name, origin: file }, () => loadPluginModule(file, file), file);
}

/** An entry whose plugin is imported at the first use and must be what the entry says. */
function lazyEntry(known: Omit<CatalogueEntry, "load">, load: () => Promise<AnyPlugin>, where: string): CatalogueEntry {
  let loading: Promise<AnyPlugin> | undefined;
  const loadChecked = async (): Promise<AnyPlugin> => {
    const plugin = await load();
    if (plugin.kind === known.kind && plugin.name === known.name) return plugin;
    throw new SwitchyardError("PLUGIN_MISPLACED", "The plugin is not the one that its place names.", {
      where,
      expected: `${known.kind}/${known.name}`,
      received: `${plugin.kind}/${plugin.name}`,
      next: "Rename the file or the plugin, so that they agree.",
    });
  };
  return { ...known, load: () => (loading ??= loadChecked()) };
}

function catalogueOf(entries: ReadonlyMap<string, CatalogueEntry>): PluginCatalogue {
  const sorted = pluginKinds.flatMap((kind) =>
    [...entries.values()].filter((entry) => entry.kind === kind).sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  const names = (kind: PluginKind): readonly string[] =>
    sorted.filter((entry) => entry.kind === kind).map((entry) => entry.name);
  return {
    has: (kind, name) => entries.has(`${kind}/${name}`),
    names,
    load: async (kind, name) => {
      const entry = entries.get(`${kind}/${name}`);
      if (entry === undefined) throw unknownPlugin(kind, name, names(kind));
      return entry.load();
    },
    list: (kind) => Promise.resolve(sorted.filter((entry) => kind === undefined || entry.kind === kind)),
  };
}

function unknownPlugin(kind: PluginKind, name: string, known: readonly string[]): SwitchyardError {
  const near = nearestName(name, known);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  return new SwitchyardError("PLUGIN_UNKNOWN", `There is no ${kind} plugin named "${name}".${hint}`, {
    expected: known.length === 0 ? `a ${kind} plugin; none is known` : `one of ${known.join(", ")}`,
    received: name,
    next: `Run \`switchyard plugins\` for the list, or request the plugin's file under plugins in the config.`,
  });
}
