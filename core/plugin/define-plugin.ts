/**
 * A plugin is one plain object. Its options are a TypeBox schema, from which come the validation of the config, the
 * type of `create`'s argument, the reference page, the editor's completion and the scaffold.
 */
import type { Static, TObject } from "typebox";
import type { Created, Facts, PluginKind } from "./kinds.ts";
import type { Dependencies, DependencyRefs } from "./service.ts";

/** Where a config's relative paths start, and where shared caches lie. */
export interface ProjectPaths {
  /** Absolute folder that relative paths in options are resolved against: the folder of the project. */
  readonly projectFolder: string;
  /** Absolute folder of the content-addressed activation cache. */
  readonly cacheFolder: string;
}

export interface PluginDefinition<
  K extends PluginKind = PluginKind,
  S extends TObject = TObject,
  R extends DependencyRefs = DependencyRefs,
> {
  readonly kind: K;
  /** The `type:` that configs write; kebab-case. */
  readonly name: string;
  /**
   * Part of every run's id: raise it when the plugin's results change. Results of another version are never reused.
   */
  readonly version: string;
  /** One sentence for lists and the reference. */
  readonly summary: string;
  /** Where the method is described: "Gao et al. 2024, section 2.3". */
  readonly paper?: string;
  /** The options beside `type`. An option with `"x-hash": false` in its schema does not enter the run's id. */
  readonly options: S;
  /** Services that `create` needs. */
  readonly deps?: R;
  /**
   * What can be known without building, from options alone (a source may read headers, never data). `plan` and the
   * checks before a run use it. Required for routers, experts and sources.
   */
  readonly facts?: (options: Static<S>, paths: ProjectPaths) => Facts<K> | Promise<Facts<K>>;
  /** Builds the instance for one run (or one sweep, for sweep-scoped kinds). */
  readonly create: (options: Static<S>, deps: Dependencies<R>) => Created<K> | Promise<Created<K>>;
  /** Frees what `create` took. Called once, after everything that depends on the instance was disposed. */
  readonly dispose?: (instance: Created<K>) => void | Promise<void>;
}

/**
 * A plugin whose option and dependency types were forgotten, as a catalogue holds it. Options were validated against
 * `options` before they reach `create`.
 */
export interface AnyPlugin {
  readonly kind: PluginKind;
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly paper?: string;
  readonly options: TObject;
  readonly deps?: DependencyRefs;
  readonly facts?: (options: never, paths: ProjectPaths) => unknown;
  readonly create: (options: never, deps: never) => unknown;
  readonly dispose?: (instance: never) => void | Promise<void>;
}

/**
 * Declares a plugin; returns it unchanged, with its types checked.
 * @example
 * export const constant = definePlugin({
 *   kind: "schedule",
 *   name: "constant",
 *   version: "1",
 *   summary: "The learning rate never changes.",
 *   options: Type.Object({}),
 *   create: () => ({ multiplier: () => 1 }),
 * });
 */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- a plugin without deps receives nothing
export function definePlugin<K extends PluginKind, S extends TObject, R extends DependencyRefs = Record<never, never>>(
  definition: PluginDefinition<K, S, R>,
): PluginDefinition<K, S, R> {
  return definition;
}
