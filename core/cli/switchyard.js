#!/usr/bin/env node
// Starts Switchyard from the bundle in dist/ when it matches the sources, else from the sources. Plain JavaScript,
// because it runs before anything can read TypeScript. Installed as a package, only the bundle is used: Node does not
// read TypeScript under node_modules, and nobody edits sources there.
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleState } from "./source-stamp.js";

const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const root = join(here, "..", "..");
const bundle = join(root, "dist", "main.js");

const { runProcess } = await import(await entry());
await runProcess();

async function entry() {
  if (existsSync(bundle) && usesBundle()) return pathToFileURL(bundle).href;
  await enableTypeScript();
  return new URL("./main.ts", import.meta.url).href;
}

function usesBundle() {
  const state = bundleState(root);
  return state === "installed" || (state === "fresh" && process.env.SWITCHYARD_SOURCE !== "1");
}

// Node strips types itself from 22.18 on; before that, tsx does.
async function enableTypeScript() {
  if (process.features.typescript) return;
  const { register } = await import("tsx/esm/api");
  register();
}
