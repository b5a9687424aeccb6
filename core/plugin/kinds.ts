/**
 * The kinds of plugin. Each room that consumes a kind states what such a plugin creates, and what can be known of it
 * without building it, by declaration merging into `PluginKinds`:
 *
 *   declare module "../plugin/kinds.ts" {
 *     interface PluginKinds { router: { creates: Router; facts: RouterFacts } }
 *   }
 *
 * So this room knows no other, and the compiler still checks what a plugin of each kind returns.
 */

/** kind -> what `create` returns and what `facts` returns. Filled by declaration merging. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the merging target has no member of its own
export interface PluginKinds {}

export const pluginKinds = [
  "source",
  "router",
  "expert",
  "loss",
  "optimizer",
  "schedule",
  "evaluator",
  "tracker",
  "executor",
  "device",
  "plot",
] as const;

export type PluginKind = (typeof pluginKinds)[number];

/** What a plugin of kind K creates. */
export type Created<K extends PluginKind> = K extends keyof PluginKinds
  ? PluginKinds[K] extends { creates: infer C }
    ? C
    : unknown
  : unknown;

/** What is known of a plugin of kind K before it is built; `undefined` for kinds that promise nothing. */
export type Facts<K extends PluginKind> = K extends keyof PluginKinds
  ? PluginKinds[K] extends { facts: infer F }
    ? F
    : undefined
  : undefined;
