import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { suite } from "../suite.ts";
import { roomOf } from "./import-rules.ts";
import { sourceFiles } from "./read-imports.ts";

/** Lines that are not blank. */
export function countLines(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "").length;
}

function linesOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + countLines(readFileSync(join(packageRoot, file), "utf8")), 0);
}

const sources = sourceFiles(packageRoot, ["core", "kernels", "plugins", "scripts"]);
const tests = sourceFiles(packageRoot, ["test"]);

suite("tests of the sources", (test) => {
  test("have at least as many lines as the sources", () => {
    const [source, tested] = [linesOf(sources), linesOf(tests)];
    assert.ok(tested >= source, `${tested} lines of test for ${source} lines of source`);
  });

  test("exist in every room of core, in kernels and in plugins", () => {
    const rooms = new Set(sources.filter((file) => file.split("/").length > 2).map(roomOf));
    const bare = [...rooms].filter(
      (room) =>
        room !== "scripts" && !tests.some((file) => file.startsWith(`test/${room}/`) && file.endsWith(".test.ts")),
    );
    assert.ok(rooms.size >= 15, [...rooms].join(", "));
    assert.equal(bare, []);
  });

  test("exist for every plugin, at the same path", () => {
    const plugins = sources.filter((file) => /^plugins\/[a-z]+\/[a-z0-9-]+\.ts$/.test(file));
    const missing = plugins.filter((file) => !existsSync(join(packageRoot, "test", file.replace(/\.ts$/, ".test.ts"))));
    assert.ok(plugins.length > 25, `${plugins.length} plugins`);
    assert.equal(missing, []);
  });

  test("are counted without blank lines", () => {
    assert.is(countLines("a\n\n  \nb\n"), 2);
  });
});

suite("texts of the sources", (test) => {
  test("are ASCII", () => {
    const bad = sources.filter((file) => /[^\t\n\r -~]/.test(readFileSync(join(packageRoot, file), "utf8")));
    assert.equal(bad, []);
  });

  test("open with a comment that says what the file is", () => {
    const headless = sources.filter(
      (file) => !/^(?:#!.*\n)?(?:\/\*|\/\/)/.test(readFileSync(join(packageRoot, file), "utf8")),
    );
    assert.equal(headless, []);
  });
});
