/**
 * The composed config: files, `extends` and command-line words as one tree that still knows where everything was
 * written. Interpolations are not resolved and no default is filled in yet: that happens for each run of the sweep.
 */
import { basename } from "node:path";
import { applyOverrides } from "./apply-overrides.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic, type Locator } from "./diagnostic.ts";
import { describeValue } from "./describe-value.ts";
import { loadFiles } from "./load-files.ts";
import { withoutEntry, type ConfigNode, type Entry, type MapNode } from "./node.ts";
import { spanNear, splitPath } from "./paths.ts";
import { placeOf, startOf, type Place, type Span } from "./positions.ts";
import type { ReadBytes } from "./read-config-file.ts";

/** Environment variables by name: passed in, never read from the process here. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ComposeOptions {
  /** The config file as the user named it; relative names start at `projectFolder`. */
  readonly file: string;
  /** Command-line words after the config: `training.steps=200`. */
  readonly words?: readonly string[];
  readonly env?: Environment;
  /** Absolute. */
  readonly projectFolder: string;
  /** Stands in for the disk, in tests and editors. */
  readonly readBytes?: ReadBytes;
}

/** An item of the config's `plugins:` list. */
export interface RequestedPlugin {
  readonly specifier: string;
  readonly where: Place;
}

export interface Composition extends Locator {
  /** The file as the user named it. */
  readonly file: string;
  /** What `name:` is when nobody writes one: the file's name without its ending. */
  readonly defaultName: string;
  /** Absolute paths of all files that took part. */
  readonly files: readonly string[];
  /** Everything but `extends` and `sweep`. */
  readonly root: MapNode;
  /** The `sweep:` block with its key, axes from the command line included. */
  readonly sweep: Entry | undefined;
  readonly plugins: readonly RequestedPlugin[];
  readonly env: Environment;
  readonly warnings: readonly Diagnostic[];
  /** Where the value at a path was written, or the nearest written thing around it. */
  locate(path: string): Span;
  /** The same, as file, line and column. */
  place(path: string): Place;
}

/**
 * Reads a config with all that it extends, and lays the words over it.
 * @throws ConfigError with every problem found in files and words.
 */
export async function composeConfig(options: ComposeOptions): Promise<Composition> {
  const { file, words = [], env = {}, projectFolder, readBytes } = options;
  const loaded = await loadFiles({ file, projectFolder, readBytes });
  const overridden = applyOverrides(loaded.root, words);
  const sweep = overridden.root.entries.get("sweep");
  const root = withoutEntry(overridden.root, "sweep");
  const start = startOf(loaded.source);
  const plugins = readPlugins(root.entries.get("plugins")?.value);
  const diagnostics = [...loaded.diagnostics, ...overridden.diagnostics, ...plugins.diagnostics];
  if (diagnostics.some(({ severity }) => severity === "error")) throw new ConfigError(diagnostics);
  const locate = (path: string): Span => locateIn(root, path, start);
  return {
    file,
    defaultName: nameOf(file),
    files: loaded.files,
    root,
    sweep: sweep?.value.kind === "scalar" && sweep.value.value === null ? undefined : sweep,
    plugins: plugins.requested,
    env,
    warnings: diagnostics,
    locate,
    place: (path) => placeOf(locate(path)),
  };
}

/** A folder's name made from a file's: "my exp.yaml" -> "my-exp". */
function nameOf(file: string): string {
  const stem = basename(file).replace(/\.ya?ml$/, "");
  const clean = stem.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return clean === "" ? "sweep" : clean.slice(0, 100);
}

/** Where the value at a path of a tree was written; the start of the file when nothing around it was. */
export function locateIn(root: MapNode, path: string, start: Span): Span {
  const span = spanNear(root, splitPath(path));
  return span === undefined || span === root.span ? start : span;
}

function readPlugins(node: ConfigNode | undefined): {
  readonly requested: readonly RequestedPlugin[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const items = node?.kind === "list" ? node.items : node === undefined ? [] : [node];
  const requested: RequestedPlugin[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const item of items) {
    if (item.span === undefined || (item.kind === "scalar" && item.value === null)) continue;
    if (item.kind === "scalar" && typeof item.value === "string" && node?.kind === "list") {
      requested.push({ specifier: item.value, where: placeOf(item.span) });
      continue;
    }
    const message = "plugins takes a list of files, folders or packages.";
    const expected = "[./plugins/my-router.ts]";
    diagnostics.push(
      diagnosticAtSpan(item.span, "plugins", { code: "WRONG_TYPE", message, expected, received: describeValue(item) }),
    );
  }
  return { requested, diagnostics };
}
