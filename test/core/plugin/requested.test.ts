import { join } from "node:path";
import * as assert from "uvu/assert";
import { listPluginFiles, loadRequest } from "../../../core/plugin/requested.ts";
import { suite } from "../../suite.ts";
import { rejection, scheduleText, withProject, type Files } from "./temporary-project.ts";

const where = "study.yaml:2:11";

/** An installed package with one plugin. */
function packageFiles(name: string, plugin: string, manifest: Readonly<Record<string, unknown>> = {}): Files {
  const folder = `node_modules/${name}`;
  const text = JSON.stringify({ name, type: "module", keywords: ["switchyard-plugin"], ...manifest });
  return { [`${folder}/package.json`]: text, [`${folder}/index.js`]: scheduleText(plugin) };
}

suite("plugin files of a folder", (test) => {
  test("are those in it and in its folders named after a kind, sorted", async () => {
    const files = {
      "b.ts": "",
      "a.mjs": "",
      "a.test.mjs": "",
      "router/z.ts": "",
      "router/z.test.ts": "",
      "loss/y.js": "",
      "shared/x.ts": "",
      "router/deep/w.ts": "",
      "notes.md": "",
    };
    await withProject(files, async (folder) => {
      const found = await listPluginFiles(folder);
      assert.equal(
        found.map((file) => file.slice(folder.length + 1)),
        ["a.mjs", "b.ts", "loss/y.js", "router/z.ts"],
      );
    });
  });

  test("are none where there is no folder", async () => {
    assert.equal(await listPluginFiles("/a/folder/that/is/not/there"), []);
  });
});

suite("a requested package", (test) => {
  test("may have a scope, and lie above the project", async () => {
    await withProject(packageFiles("@me/schedules", "warm", { version: "0.3.0" }), async (folder) => {
      const [found] = await loadRequest({ specifier: "@me/schedules", where }, join(folder, "deep", "project"));
      assert.is(found!.plugin.name, "warm");
      assert.is(found!.origin, "package @me/schedules@0.3.0");
    });
  });

  test("is the nearest one where there are two", async () => {
    const near = Object.entries(packageFiles("x", "near")).map(([path, text]) => [`project/${path}`, text] as const);
    await withProject({ ...packageFiles("x", "far"), ...Object.fromEntries(near) }, async (folder) => {
      const [found] = await loadRequest({ specifier: "x", where }, join(folder, "project"));
      assert.is(found!.plugin.name, "near");
    });
  });

  test("gives way to a file of the same name in the project", async () => {
    await withProject({ ...packageFiles("x.mjs", "far"), "x.mjs": scheduleText("near") }, async (folder) => {
      const [found] = await loadRequest({ specifier: "x.mjs", where }, folder);
      assert.equal([found!.plugin.name, found!.origin], ["near", join(folder, "x.mjs")]);
    });
  });

  test("is reported when its entry is missing", async () => {
    await withProject(packageFiles("x", "warm", { main: "lib/main.js" }), async (folder) => {
      const error = await rejection(loadRequest({ specifier: "x", where }, folder));
      assert.equal([error.code, error.where], ["PLUGIN_NOT_FOUND", where]);
      assert.ok(error.summary.includes(join("x", "lib", "main.js")), error.summary);
    });
  });

  test("is reported when its package.json is broken", async () => {
    await withProject({ "node_modules/x/package.json": "{" }, async (folder) => {
      const error = await rejection(loadRequest({ specifier: "x", where }, folder));
      assert.equal([error.code, error.where], ["PLUGIN_NOT_A_PLUGIN_PACKAGE", where]);
      assert.match(error.received ?? "", /JSON/);
    });
  });

  test("is not imported without the keyword", async () => {
    const files = packageFiles("x", "warm", { keywords: [] });
    const trap = { ...files, "node_modules/x/index.js": "throw new Error('imported');\n" };
    await withProject(trap, async (folder) => {
      const error = await rejection(loadRequest({ specifier: "x", where }, folder));
      assert.is(error.code, "PLUGIN_NOT_A_PLUGIN_PACKAGE");
      assert.match(error.expected ?? "", /"keywords": \["switchyard-plugin"\] in .*package\.json/);
    });
  });

  test("cannot climb out of node_modules by its name", async () => {
    await withProject({ "secret/package.json": '{ "keywords": ["switchyard-plugin"] }' }, async (folder) => {
      for (const specifier of ["x/../../secret", "@me/../secret", "X", "a b"]) {
        assert.is((await rejection(loadRequest({ specifier, where }, folder))).code, "PLUGIN_NOT_FOUND", specifier);
      }
    });
  });
});
