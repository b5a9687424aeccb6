/**
 * The plugins of this repository with what their suites need: which options to try beside the defaults. A plugin that
 * is in the catalogue and not here is tested with its defaults, so none is forgotten.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { writeSafetensors } from "../../core/data/safetensors.ts";
import { packageRoot } from "../../core/package-root.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { PluginKind } from "../../core/plugin/kinds.ts";
import { catalogue } from "../../plugins/catalogue.ts";
import { suite } from "../suite.ts";
import type { ConformanceCase } from "./conformance-case.ts";

/** Options to test a plugin under: `{}` for its defaults. */
export type Variants = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export function shippedNames(kind: PluginKind): readonly string[] {
  return Object.keys(catalogue)
    .filter((key) => key.startsWith(`${kind}/`))
    .map((key) => key.slice(kind.length + 1));
}

export async function shippedPlugin(kind: PluginKind, name: string): Promise<AnyPlugin> {
  const load = catalogue[`${kind}/${name}`];
  assert.ok(load, `${kind}/${name} is in the catalogue`);
  return load();
}

/** Runs a suite on every shipped plugin of a kind, once for each of its variants. */
export async function testShipped(
  kind: PluginKind,
  cases: (plugin: AnyPlugin, options: Readonly<Record<string, unknown>>) => readonly ConformanceCase[],
  variants: Variants = {},
): Promise<void> {
  const names = shippedNames(kind);
  const plugins = await Promise.all(names.map((name) => shippedPlugin(kind, name)));
  suite(`shipped ${kind} plugins`, (test) => {
    test("are there", () => {
      assert.ok(names.length > 0);
      for (const name of Object.keys(variants))
        assert.ok(names.includes(name), `${kind}/${name}, of which variants are tested, exists`);
    });
    for (const plugin of plugins) {
      for (const options of variants[plugin.name] ?? [{}]) {
        for (const { name, run } of cases(plugin, options)) {
          test(`${plugin.name} ${JSON.stringify(options)} ${name}`, run);
        }
      }
    }
  });
}

/** A folder with a safetensors file of 40 rows of width 6; removed when the process ends. */
export async function exportedActivations(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-activations-"));
  process.on("exit", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const data = Float32Array.from({ length: 40 * 6 }, (_unused, i) => Math.sin(i * i + 1));
  const file = join(folder, "activations.safetensors");
  await writeSafetensors(file, new Map([["activations", { dtype: "F32", shape: [40, 6], data }]]), {});
  return file;
}

export const tinyGpt2 = {
  model: join(packageRoot, "data", "tiny-gpt2"),
  texts: [join(packageRoot, "data", "text", "the-time-machine.txt")],
  layer: 1,
  contextLength: 16,
  maxTokens: 400,
  heldOutFraction: 0.2,
} as const;
