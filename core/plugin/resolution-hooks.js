// Module resolution for plugin files that lie outside this package. Such a file has no node_modules of its own, yet
// must receive this package and the very TensorFlow.js copy that is running: tensors of two copies do not mix.
//
// Plain JavaScript, because Node 20 runs resolution hooks on a thread that loads nothing else. The same two
// functions serve `module.registerHooks` (Node 22.15 and later, this thread) and `module.register` (Node 20, the hooks'
// thread), where `initialize` receives the settings; on this thread it is called by hand.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const redirected = /^(?:switchyard|@tensorflow\/tfjs|typebox)(?:\/|$)/;
const sourceCondition = "switchyard-source";

/** Folder (URL that ends with a slash) whose files are plugins or belong to one -> whether they are all modules. */
const folders = new Map();
let rootUrl = "";
let fromSource = false;

/** @param settings {{ rootUrl: string, folder: string, fromSource: boolean, modules: boolean }} */
export function initialize(settings) {
  rootUrl = settings.rootUrl;
  fromSource = settings.fromSource;
  folders.set(settings.folder, settings.modules);
}

export function resolve(specifier, context, nextResolve) {
  if (redirected.test(specifier) && folderOf(context.parentURL) !== undefined) {
    const others = (context.conditions ?? ["node", "import"]).filter((condition) => condition !== sourceCondition);
    const conditions = fromSource ? [...others, sourceCondition] : others;
    return nextResolve(specifier, { ...context, conditions, parentURL: `${rootUrl}package.json` });
  }
  return ownModule(specifier, context.parentURL) ?? nextResolve(specifier, context);
}

/**
 * A file of a plugin's folder, named in full, is a module whatever package.json lies above it: tsx would take a .js or
 * .ts file outside any package for CommonJS, whose imports no hook on Node 20 sees.
 */
function ownModule(specifier, parentUrl) {
  if (!/^(?:\.\.?\/|file:).*\.[jt]s$/.test(specifier)) return undefined;
  const url = new URL(specifier, parentUrl).href;
  const folder = folderOf(url);
  if (folder === undefined || folders.get(folder) !== true || url.slice(folder.length).includes("node_modules/")) {
    return undefined;
  }
  if (!existsSync(fileURLToPath(url))) return undefined;
  const isStripped = url.endsWith(".ts") && Boolean(process.features.typescript);
  return { url, format: isStripped ? "module-typescript" : "module", shortCircuit: true };
}

function folderOf(url) {
  if (url === undefined) return undefined;
  for (const folder of folders.keys()) if (url.startsWith(folder)) return folder;
  return undefined;
}
