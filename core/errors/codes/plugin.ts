/** Error codes of the plugin room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const pluginCodes = {
  PLUGIN_NOT_FOUND: {
    title: "A plugin that the config requests is neither a file, nor a folder, nor an installed package.",
    why: "Entries of `plugins:` are paths, relative to the project's folder, or names of npm packages installed there. Nothing is loaded from anywhere else, so a wrong path must stop the run.",
    fix: "Correct the path, or install the package in the project's folder.",
    example: "plugins: [./plugins/my-router.ts, switchyard-plugin-hash-router]",
  },
  PLUGIN_UNKNOWN: {
    title: "No plugin of this kind has this name.",
    why: "A name must belong to a built-in plugin, to one requested under `plugins:`, or to one in the project's plugins/ folder.",
    fix: "Run `switchyard plugins` for the names, or request the file under `plugins:`.",
  },
  PLUGIN_IMPORT_FAILED: {
    title: "A plugin's file threw an error while it was imported.",
    why: "The file has a syntax error, imports something that is not installed, or throws at its top level.",
    fix: "Correct the error that is shown; it is the plugin's own.",
  },
  PLUGIN_NO_DEFINITION: {
    title: "A plugin's file exports no plugin.",
    why: "A plugin is what `definePlugin({...})` returns, exported from its file.",
    fix: "Export the definition.",
    example: 'export const myRouter = definePlugin({ kind: "router", name: "my-router", ... });',
  },
  PLUGIN_SEVERAL_EXPORTS: {
    title: "A plugin's file exports more than its plugin.",
    why: "One file adds one plugin, so that a name in a config leads to one place. Shared code belongs in a file of its own.",
    fix: "Leave one export; move the others to another file and import them.",
  },
  PLUGIN_INVALID: {
    title: "A plugin's definition is incomplete or wrong.",
    why: "kind, name, version, summary, options and create are needed by the schema, the run's id, the reference and the container; routers, experts and sources also state their facts.",
    fix: "Correct every field that the message lists.",
  },
  PLUGIN_MISPLACED: {
    title: "A plugin's kind and name are not those of its file.",
    why: "In plugins/ the path <kind>/<name>.ts is the plugin's name, so that a config's `type:` leads to the file without importing every file.",
    fix: "Rename the file or the plugin, so that they agree.",
  },
  PLUGIN_DUPLICATE: {
    title: "Two plugins have the same kind and name.",
    why: "A name in a config must mean one thing; which of two was taken would depend on the order of loading.",
    fix: "Rename one of them, or remove one of the requests.",
  },
  PLUGIN_TYPESCRIPT: {
    title: "A plugin written in TypeScript cannot be run here.",
    why: "Node 20 does not run TypeScript, and later versions run only syntax that can be erased: no enum, no parameter properties, no decorators, nothing under node_modules.",
    fix: "Use erasable syntax, install tsx, or build the plugin to JavaScript.",
  },
  PLUGIN_NOT_A_PLUGIN_PACKAGE: {
    title: "A package that the config requests does not declare itself a Switchyard plugin.",
    why: "Importing a package runs its code. The keyword `switchyard-plugin` in its package.json says that it is meant to be imported here.",
    fix: "Correct the package's name, or add the keyword to its package.json if the package is yours.",
  },
  SCAFFOLD_KIND: {
    title: "A new plugin was asked for whose kind has no template.",
    why: "Templates exist for the kinds that are mostly written by researchers: sources, routers, experts, losses, schedules and evaluators.",
    fix: "Correct the kind; for another one, start from a file of plugins/<kind>/.",
    example: "switchyard new router my-router",
  },
  SCAFFOLD_NAME: {
    title: "A new plugin was asked for under a name that cannot be one.",
    why: "The name is the plugin's `type:` in configs and the name of its file.",
    fix: "Use lower-case letters, digits and single hyphens, starting with a letter.",
  },
  SCAFFOLD_EXISTS: {
    title: "A file of the new plugin exists already.",
    why: "Nothing is ever overwritten, so nothing was written at all.",
    fix: "Choose another name, or remove the file that is named.",
  },
} as const satisfies Record<string, Explanation>;
