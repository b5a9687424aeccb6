import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { PluginKind } from "../../core/plugin/kinds.ts";
import { shippedNames } from "../conformance/shipped-plugins.ts";
import { suite } from "../suite.ts";

const project = join(import.meta.dirname, "..", "..");
const text = readFileSync(join(project, "docs", "paper-map.md"), "utf8");
const rows = text.split("\n").filter((line) => line.startsWith("|") && !line.startsWith("| ---"));
const paths = [...text.matchAll(/\b(?:core|kernels|plugins|test)\/[\w./-]+\.ts\b/g)].map(([path]) => path);

suite("paper map", (test) => {
  test("names files that exist", () => {
    assert.ok(paths.length >= 40, `${paths.length}`);
    for (const path of paths) assert.ok(existsSync(join(project, path)), path);
  });
  test("has code and a test on every line of its first three tables", () => {
    const entries = rows.filter((row) => row.split("|").length === 6 && !row.startsWith("| what"));
    assert.ok(entries.length >= 17, `${entries.length}`);
    for (const row of entries) {
      const [, , , code = "", testFile = ""] = row.split("|");
      assert.match(code, /\.ts/, row);
      assert.match(testFile, /\.test\.ts/, row);
    }
  });
  test("covers every router, expert, loss, optimizer and decaying schedule of this release", () => {
    const names = (kind: PluginKind): readonly string[] => shippedNames(kind).map((name) => `${kind}/${name}`);
    const experts = [...names("router"), ...names("expert"), ...names("loss")].filter((name) => name !== "router/none");
    const others = [...names("optimizer"), ...names("schedule")].filter((name) => name !== "schedule/constant");
    for (const plugin of [...experts, ...others]) assert.ok(paths.includes(`plugins/${plugin}.ts`), plugin);
  });
});
