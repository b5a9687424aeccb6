import { symlinkSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { isPluginFileName, loadPluginModule, loadPluginPackage } from "../../../core/plugin/load-module.ts";
import { suite } from "../../suite.ts";
import { rejection, scheduleText, withProject } from "./temporary-project.ts";

suite("plugin file names", (test) => {
  const names: Readonly<Record<string, boolean>> = {
    "top-k.ts": true,
    "top-k.mts": true,
    "top-k.js": true,
    "top-k.mjs": true,
    "top-k.cjs": false,
    "top-k.test.ts": false,
    "top-k.spec.mjs": false,
    "top-k.d.ts": false,
    "top-k.d.mts": false,
    ".hidden.ts": false,
    "top-k.json": false,
    "README.md": false,
    ts: false,
  };
  for (const [name, expected] of Object.entries(names)) {
    test(`${expected ? "include" : "leave out"} ${name}`, () => {
      assert.is(isPluginFileName(name), expected);
    });
  }
});

suite("loading a plugin file", (test) => {
  test("takes a default export as well as a named one", async () => {
    const text = scheduleText("warm").replace("export const warm =", "export default");
    await withProject({ "warm.mjs": text }, async (folder) => {
      assert.is((await loadPluginModule(join(folder, "warm.mjs"), "here")).name, "warm");
    });
  });

  test("gives the same plugin for the same file, and for a link to it", async () => {
    await withProject({ "warm.mjs": scheduleText("warm") }, async (folder) => {
      symlinkSync(join(folder, "warm.mjs"), join(folder, "link.mjs"));
      const plugin = await loadPluginModule(join(folder, "warm.mjs"), "here");
      assert.is(await loadPluginModule(join(folder, "warm.mjs"), "there"), plugin);
      assert.is(await loadPluginModule(join(folder, "link.mjs"), "elsewhere"), plugin);
    });
  });

  test("runs TypeScript whose types can be erased, and imports of types from uninstalled packages", async () => {
    const before = `
import type { Nothing } from "a-package-that-is-not-installed";
interface Shape { readonly width: number }
const shape = { width: 3 } satisfies Shape;
export type Unused = Nothing | Shape;
void (shape as Shape);`;
    await withProject({ "warm.ts": scheduleText("warm", { before }) }, async (folder) => {
      assert.is((await loadPluginModule(join(folder, "warm.ts"), "here")).name, "warm");
    });
  });

  test("reads JavaScript as a module even below a package.json that says CommonJS", async () => {
    const files = {
      "package.json": '{ "type": "commonjs" }',
      "warm.js": scheduleText("warm"),
      "cold.ts": scheduleText("cold"),
    };
    await withProject(files, async (folder) => {
      assert.is((await loadPluginModule(join(folder, "warm.js"), "here")).name, "warm");
      assert.is((await loadPluginModule(join(folder, "cold.ts"), "here")).name, "cold");
    });
  });

  test("keeps the plugin's own error as the cause, and its first line in the message", async () => {
    await withProject({ "bad.mjs": 'throw new TypeError("first\\nsecond");\n' }, async (folder) => {
      const error = await rejection(loadPluginModule(join(folder, "bad.mjs"), "a.yaml:1:1"));
      assert.is(error.received, "TypeError: first");
      assert.instance(error.cause, TypeError);
      assert.is(error.where, "a.yaml:1:1");
    });
  });
});

suite("loading a plugin package", (test) => {
  test("takes every plugin that it exports, once, and leaves other exports alone", async () => {
    const second = scheduleText("cold").replace(/^import.*\n/, "");
    const text = `${scheduleText("warm")}${second}export { warm as default };\nexport const version = "1";\n`;
    await withProject({ "main.mjs": text }, async (folder) => {
      const plugins = await loadPluginPackage(join(folder, "main.mjs"), folder, "here");
      assert.equal(plugins.map(({ name }) => name).sort(), ["cold", "warm"]);
    });
  });

  test("follows the package's own type for its files", async () => {
    const text = `module.exports.old = {
  kind: "schedule",
  name: "old",
  version: "1",
  summary: "CommonJS.",
  options: { type: "object", properties: {} },
  create: () => ({ multiplier: () => 1 }),
};
`;
    await withProject({ "package.json": "{}", "main.js": text }, async (folder) => {
      const plugins = await loadPluginPackage(join(folder, "main.js"), folder, "here");
      assert.equal(
        plugins.map(({ name }) => name),
        ["old"],
      );
    });
  });

  test("reports one that exports no plugin, and one whose plugin is invalid", async () => {
    await withProject(
      { "none.mjs": "export const a = 1;\n", "bad.mjs": "export const a = { kind: 'router' };\n" },
      async (folder) => {
        const none = await rejection(loadPluginPackage(join(folder, "none.mjs"), folder, "here"));
        assert.equal([none.code, none.received], ["PLUGIN_NO_DEFINITION", "exports a"]);
        const bad = await rejection(loadPluginPackage(join(folder, "bad.mjs"), folder, "here"));
        assert.is(bad.code, "PLUGIN_INVALID");
        assert.ok(bad.where?.endsWith("bad.mjs"));
      },
    );
  });
});
