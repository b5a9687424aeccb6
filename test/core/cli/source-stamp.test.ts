import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { bundleState, sourceStamp } from "../../../core/cli/source-stamp.js";
import { packageRoot } from "../../../core/package-root.ts";
import { suite } from "../../suite.ts";
import { makeProject } from "./project.ts";

suite("the stamp of the sources", (test) => {
  test("changes when a file is edited, added, removed or touched, and not otherwise", () => {
    const root = makeProject({ "core/a.ts": "1", "plugins/b/c.ts": "2" });
    const seen = [sourceStamp(root)];
    assert.is(sourceStamp(root), seen[0]);
    writeFileSync(join(root, "core/a.ts"), "11");
    seen.push(sourceStamp(root));
    writeFileSync(join(root, "core/d.ts"), "");
    seen.push(sourceStamp(root));
    rmSync(join(root, "plugins/b/c.ts"));
    seen.push(sourceStamp(root));
    utimesSync(join(root, "core/a.ts"), 1000, 1000);
    seen.push(sourceStamp(root));
    assert.is(new Set(seen).size, seen.length);
  });

  test("does not look at what is not bundled", () => {
    const root = makeProject({ "core/a.ts": "1" });
    const before = sourceStamp(root);
    mkdirSync(join(root, "runs/x"), { recursive: true });
    writeFileSync(join(root, "README.md"), "text");
    assert.is(sourceStamp(root), before);
  });
});

suite("the state of the bundle", (test) => {
  test("is missing before a build, fresh after it, and stale once a source was edited", () => {
    const root = makeProject({ "core/a.ts": "1" });
    assert.is(bundleState(root), "missing");
    mkdirSync(join(root, "dist"));
    writeFileSync(join(root, "dist/stamp.txt"), sourceStamp(root));
    assert.is(bundleState(root), "fresh");
    writeFileSync(join(root, "core/a.ts"), "11");
    assert.is(bundleState(root), "stale");
  });

  test("is no question where the package is installed", () => {
    assert.is(bundleState("/a/node_modules/switchyard"), "installed");
  });
});

suite("the bundle", (test, hooks) => {
  // A copy, so that the bundle of this repository stays as it is while other tests use it.
  const copy = join(makeProject(), "copy");
  const switchyard = (...words: readonly string[]): { readonly out: string; readonly err: string } => {
    const launcher = join(copy, "core/cli/switchyard.js");
    const { stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { cwd: copy, encoding: "utf8" });
    return { out: stdout, err: stderr };
  };
  hooks.before(() => {
    for (const name of ["core", "kernels", "plugins", "scripts", "test/conformance", "package.json", "tsconfig.json"]) {
      cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(packageRoot, "node_modules"), join(copy, "node_modules"));
    const { status, stderr } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: copy, encoding: "utf8" });
    assert.is(status, 0, stderr);
  });

  test("has the command, the worker, the library and the conformance suites", () => {
    for (const name of ["main.js", "worker.js", "index.js", "conformance.js", "stamp.txt"]) {
      assert.ok(existsSync(join(copy, "dist", name)), name);
    }
  });

  test("is used while it matches the sources, and the sources are when they were edited", () => {
    const file = join(copy, "core/errors/codes/cli.ts");
    const edited = readFileSync(file, "utf8").replace("Switchyard has no such command.", "Edited by a test.");
    const before = switchyard("explain", "UNKNOWN_COMMAND");
    assert.match(before.out, /^UNKNOWN_COMMAND: Switchyard has no such command\.\n/, before.err);
    writeFileSync(file, edited);
    const after = switchyard("explain", "UNKNOWN_COMMAND");
    assert.match(after.out, /^UNKNOWN_COMMAND: Edited by a test\.\n/, after.err);
  });

  test("finds its package, plugins and schema as the sources do", () => {
    const { out, err } = switchyard("plugins", "--json");
    const listed = JSON.parse(out) as { kind: string; name: string; origin: string }[];
    assert.ok(listed.length >= 30, err);
    assert.ok(listed.every(({ origin }) => origin === "built in"));
  });
});
