/** The install script that compiles the native kernels, in a copy of the package whose build may fail. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../core/package-root.ts";
import { loadAddon } from "../../kernels/native/addon.ts";
import { nativeSources } from "../../kernels/native/source-stamp.js";
import { suite } from "../suite.ts";

interface Built {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly status: Readonly<Record<string, unknown>>;
  readonly hasAddon: boolean;
}

/** @param prepare Changes the copy, and says what the script finds in its environment. */
function build(prepare: (folder: string) => NodeJS.ProcessEnv, words: readonly string[] = []): Built {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-build-"));
  try {
    for (const file of [...nativeSources(packageRoot), "kernels/native/source-stamp.js", "package.json"]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(packageRoot, file), join(folder, file));
    }
    symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
    const script = join(folder, "scripts", "build-native.mjs");
    const run = spawnSync(process.execPath, [script, ...words], { env: prepare(folder), encoding: "utf8" });
    const output = join(folder, "build", "native");
    return {
      exitCode: run.status,
      stderr: run.stderr,
      status: JSON.parse(readFileSync(join(output, "status.json"), "utf8")) as Built["status"],
      hasAddon: existsSync(join(output, "switchyard.node")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A compiler in the folder `bin` of the copy. */
function compiler(folder: string, script: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "c++"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "c++"), 0o755);
  return { PATH: `${bin}:/usr/bin:/bin` };
}

suite("the build of the native kernels", (test) => {
  test("says in one line that there is no compiler, and lets the installation go on", () => {
    const { exitCode, stderr, status, hasAddon } = build(() => ({ PATH: "" }));
    assert.is(exitCode, 0);
    assert.is(hasAddon, false);
    assert.is(status["built"], false);
    assert.match(
      stderr,
      /^switchyard: the device native is not available \(no C\+\+ compiler was found\); runs use wasm\./,
    );
    assert.is(stderr.trim().split("\n").length, 1);
  });

  test("fails when it was asked for by name", () => {
    assert.is(build(() => ({ PATH: "" }), ["--force"]).exitCode, 1);
  });

  test("names the compiler of CXX that does not run", () => {
    const { exitCode, stderr } = build(() => ({ PATH: "", CXX: "no-such-compiler" }));
    assert.is(exitCode, 0);
    assert.match(stderr, "the compiler no-such-compiler (CXX) does not run");
  });

  test("shows the first error of a compiler that cannot, and keeps the whole for status.json", () => {
    const fails = 'if [ "$1" = --version ]; then echo old 1.0; else echo "x.cc:1: error: too old" >&2; exit 1; fi';
    const { exitCode, stderr, status } = build((folder) => compiler(folder, fails));
    assert.is(exitCode, 0);
    assert.match(stderr, "it did not compile: x.cc:1: error: too old");
    assert.is(stderr.trim().split("\n").length, 1);
    assert.match(String(status["log"]), "too old");
  });

  test("does not accept what does not load", () => {
    // Makes every output an empty file, the addon too.
    const empty = 'for last; do :; done; if [ "$1" = --version ]; then echo fake 1.0; else : > "$last"; fi';
    const { exitCode, hasAddon, status } = build((folder) => compiler(folder, empty));
    assert.is(exitCode, 0);
    assert.is(hasAddon, false);
    assert.match(String(status["reason"]), "it was built but does not work here");
  });

  test("starts anew where the last build broke off while it wrote its status", () => {
    const { exitCode, status } = build((folder) => {
      const output = join(folder, "build", "native");
      mkdirSync(output, { recursive: true });
      writeFileSync(join(output, "switchyard.node"), "");
      writeFileSync(join(output, "status.json"), '{ "built": tr');
      return { PATH: "" };
    });
    assert.is(exitCode, 0);
    assert.is(status["reason"], "no C++ compiler was found");
  });

  test("tells the device why there is no addon", () => {
    const folder = mkdtempSync(join(tmpdir(), "switchyard-status-"));
    try {
      writeFileSync(join(folder, "status.json"), JSON.stringify({ built: false, reason: "no C++ compiler was found" }));
      assert.equal(loadAddon(join(folder, "switchyard.node")), { reason: "no C++ compiler was found" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
