import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { suite } from "../suite.ts";
import { circles, coreOrder, loadsTensorLibrary, roomOf, violations } from "./import-rules.ts";
import { readImports, sourceFiles } from "./read-imports.ts";

const files = sourceFiles(packageRoot, ["core", "kernels", "plugins"]);
const imports = readImports(packageRoot, files);

suite("imports of the sources", (test) => {
  test("are read from every file", () => {
    assert.ok(files.length > 150, `${files.length} files`);
    assert.ok(imports.length > 500, `${imports.length} imports`);
  });

  test("lead to files that exist", () => {
    const missing = imports.filter(({ to }) => roomOf(to) !== "" && !existsSync(join(packageRoot, to)));
    assert.equal(
      missing.map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  test("keep the rules of the house", () => {
    assert.equal(violations(imports), []);
  });

  test("make no circle between files", () => {
    assert.equal(circles(imports), []);
  });

  test("make no circle between rooms", () => {
    assert.equal(circles(imports, roomOf), []);
  });

  test("load no tensor library when a plugin, the public entry or the command line is loaded", () => {
    const starts = files.filter((file) => /^plugins\/[a-z]+\//.test(file) || file === "plugins/catalogue.ts");
    const entries = ["core/index.ts", "core/cli/main.ts", "core/cli/composition-root.ts"];
    assert.equal(loadsTensorLibrary(imports, [...starts, ...entries]), []);
    assert.ok(starts.length > 25, `${starts.length} plugins`);
  });

  test("know every room of core", () => {
    const rooms = readdirSync(join(packageRoot, "core"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name.endsWith(".ts"))
      .map((entry) => entry.name);
    assert.equal([...coreOrder].sort(), rooms.sort());
  });
});
