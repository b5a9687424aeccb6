/**
 * Lets a file anywhere on disk import this package, and the same TensorFlow.js that is running, with nothing
 * installed beside it; see resolution-hooks.js for the rule. Also makes TypeScript plugins run on Node 20.
 */
import * as nodeModule from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../package-root.ts";

/** What the hooks file needs to know of one folder; sent to another thread on Node 20, so plain data. */
interface HookSettings {
  readonly rootUrl: string;
  readonly folder: string;
  /** The sources are running, not the bundle: a plugin must receive the same of the two. */
  readonly fromSource: boolean;
  /** Every .js and .ts file in the folder is an ES module, whatever a package.json above it says. */
  readonly modules: boolean;
}

type Resolve = (specifier: string, context: unknown, nextResolve: unknown) => unknown;

interface Hooks {
  initialize(settings: HookSettings): void;
  readonly resolve: Resolve;
}

/** The part of node:module of Node 22.15 and later that the types of Node 20 lack. */
interface SynchronousHooks {
  registerHooks(hooks: { readonly resolve: Resolve }): unknown;
}

const fromSource = import.meta.url.endsWith(".ts");

/**
 * @param folder Absolute, without symbolic links: the folder of a plugin file, or of a package.
 * @param options `modules: false` for a package, whose own package.json says what its files are.
 */
export async function admitPluginFolder(folder: string, options: { readonly modules: boolean }): Promise<void> {
  const hooksUrl = pathToFileURL(join(packageRoot, "core", "plugin", "resolution-hooks.js")).href;
  const settings: HookSettings = {
    rootUrl: pathToFileURL(packageRoot + sep).href,
    folder: pathToFileURL(folder.endsWith(sep) ? folder : folder + sep).href,
    fromSource,
    modules: options.modules,
  };
  if (!hasSynchronousHooks(nodeModule)) {
    // Blocks until the hooks' thread has them. The file is loaded there once; each call adds its folder.
    nodeModule.register(hooksUrl, { data: settings });
    return;
  }
  const hooks = (await import(hooksUrl)) as Hooks;
  hooks.initialize(settings);
  if (!isInstalled(hooks)) nodeModule.registerHooks({ resolve: hooks.resolve });
  Object.defineProperty(hooks.resolve, installedMark, { value: true });
}

/** Makes this process able to import TypeScript: Node 20 needs tsx, which is loaded only now. */
export async function enableTypeScript(): Promise<void> {
  if (runsTypeScript()) return;
  const { register } = await import("tsx/esm/api");
  register();
}

/** Whether TypeScript can be imported already: Node strips types itself, or this very module runs as TypeScript. */
function runsTypeScript(): boolean {
  const features: object = process.features;
  return fromSource || ("typescript" in features && features.typescript !== false);
}

const installedMark = Symbol.for("switchyard.resolution-hook-installed");

/** The mark lies on the hook itself: this module holds no state, and a second bundle of it installs nothing twice. */
function isInstalled(hooks: Hooks): boolean {
  return installedMark in hooks.resolve;
}

function hasSynchronousHooks(module: object): module is SynchronousHooks {
  return "registerHooks" in module;
}
