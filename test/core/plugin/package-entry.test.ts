import * as assert from "uvu/assert";
import { packageEntry } from "../../../core/plugin/package-entry.ts";
import { suite } from "../../suite.ts";

suite("package entry", (test) => {
  test("is index.js when the package says nothing", () => {
    assert.is(packageEntry({}), "index.js");
  });
  test("is main when there are no exports", () => {
    assert.is(packageEntry({ main: "./lib/a.js" }), "./lib/a.js");
  });
  test("is the exports, not main, when both are there", () => {
    assert.is(packageEntry({ main: "./old.js", exports: "./new.js" }), "./new.js");
    assert.is(packageEntry({ main: "./old.js", exports: { ".": "./new.js", "./sub": "./sub.js" } }), "./new.js");
  });
  test("follows the first condition that holds, nested ones too", () => {
    assert.is(packageEntry({ exports: { require: "./a.cjs", import: "./a.js" } }), "./a.js");
    assert.is(packageEntry({ exports: { ".": { types: "./a.d.ts", node: { import: "./n.js" } } } }), "./n.js");
    assert.is(packageEntry({ exports: { browser: "./b.js", default: "./d.js" } }), "./d.js");
  });
  test("takes the first usable alternative of a list", () => {
    assert.is(packageEntry({ exports: [{ require: "./a.cjs" }, "./b.js"] }), "./b.js");
  });
  test("falls back to main when no condition holds", () => {
    assert.is(packageEntry({ main: "./m.js", exports: { require: "./a.cjs" } }), "./m.js");
  });
});
