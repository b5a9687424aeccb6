import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { nativeSources, nativeStamp } from "../../../kernels/native/source-stamp.js";
import { suite } from "../../suite.ts";

const files = {
  "scripts/build-native.mjs": "compile();",
  "kernels/native/isa.h": "#pragma once",
  "kernels/native/isa.cc": "int isa;",
  "kernels/native/addon.ts": "export {};",
  "kernels/sums/native.cc": "int sums;",
  "kernels/README.md": "kernels",
};

/** Stamp and sources of a package with these files. */
function stampOf(contents: Readonly<Record<string, string>>): { readonly stamp: string; readonly sources: string[] } {
  const root = mkdtempSync(join(tmpdir(), "switchyard-stamp-"));
  try {
    for (const [file, text] of Object.entries(contents)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return { stamp: nativeStamp(root), sources: nativeSources(root) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

suite("the stamp of the native sources", (test) => {
  const { stamp, sources } = stampOf(files);

  test("covers the build script and the C++ of every folder, in a fixed order", () => {
    assert.equal(sources, [
      "kernels/native/isa.cc",
      "kernels/native/isa.h",
      "kernels/sums/native.cc",
      "scripts/build-native.mjs",
    ]);
    assert.match(stamp, /^[0-9a-f]{16}$/);
  });

  test("is the same for the same files, wherever they lie", () => {
    assert.is(stampOf(files).stamp, stamp);
  });

  test("is another when a source changes, is renamed, comes or goes", () => {
    const { "kernels/sums/native.cc": sums, ...others } = files;
    const changed = [
      { ...files, "kernels/native/isa.h": "#pragma twice" },
      { ...files, "scripts/build-native.mjs": "compile(fast);" },
      { ...others, "kernels/means/native.cc": sums },
      { ...files, "kernels/sums/more.cc": "int more;" },
      others,
      // The border between two files is part of it.
      { ...files, "kernels/native/isa.cc": "int isa;x", "kernels/native/isa.h": "#pragma once" },
    ].map((contents) => stampOf(contents).stamp);
    assert.is(new Set([stamp, ...changed]).size, changed.length + 1);
  });

  test("does not change with anything else", () => {
    const stamps = [
      { ...files, "kernels/native/addon.ts": "export const changed = 1;" },
      { ...files, "kernels/README.md": "changed" },
      { ...files, "kernels/sums/native.ts": "export {};" },
    ].map((contents) => stampOf(contents).stamp);
    assert.equal([...new Set(stamps)], [stamp]);
  });

  test("of this package covers every kernel that has a native version", () => {
    const own = nativeSources(packageRoot);
    assert.is(own.filter((file) => file.endsWith("/native.cc")).length, 14);
    assert.ok(own.includes("kernels/native/arguments.cc"));
    assert.match(nativeStamp(packageRoot), /^[0-9a-f]{16}$/);
  });
});
