import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { catalogueText, exportedName } from "../../scripts/build-catalogue.ts";
import { withProject } from "../core/plugin/temporary-project.ts";
import { suite } from "../suite.ts";

suite("generated catalogue", (test) => {
  test("lists the plugin folders as they are; run npm run build:catalogue after adding a plugin", async () => {
    const generated = await catalogueText(join(packageRoot, "plugins"));
    assert.is(readFileSync(join(packageRoot, "plugins", "catalogue.ts"), "utf8"), generated);
  });

  test("has one lazy import a file, sorted by kind and name", async () => {
    const files = {
      "router/zig-zag.ts": "export const zigZag = definePlugin({});\n",
      "router/switch.ts": "const switchRouter = 1;\nexport { switchRouter as switch };\n",
      "source/plain.ts": "export const plain = 1;\nexport type Options = 1;\n",
      "router/notes.md": "",
    };
    await withProject(files, async (folder) => {
      const lines = (await catalogueText(folder)).split("\n").filter((line) => line.includes("import("));
      assert.equal(lines, [
        '  "source/plain": () => import("./source/plain.ts").then((module) => module.plain),',
        '  "router/switch": () => import("./router/switch.ts").then((module) => module.switch),',
        '  "router/zig-zag": () => import("./router/zig-zag.ts").then((module) => module.zigZag),',
      ]);
    });
  });

  test("takes the single export of a file, whatever its name, and refuses none or two", () => {
    assert.is(exportedName("export const topK = 1;", "x"), "topK");
    assert.is(exportedName("const a = 1;\nexport {\n  a as default_,\n};", "x"), "default_");
    assert.throws(() => exportedName("const a = 1;", "x.ts"), /x.ts must have exactly one named export, has: none/);
    assert.throws(() => exportedName("export const a = 1;\nexport function b() {}", "x"), /has: a, b/);
    assert.throws(() => exportedName("export default 1;", "x"), /exactly one named export/);
  });
});
