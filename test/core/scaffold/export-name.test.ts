import { Script } from "node:vm";
import * as assert from "uvu/assert";
import { exportName } from "../../../core/scaffold/export-name.ts";
import { suite } from "../../suite.ts";

suite("export name", (test) => {
  test("is the plugin's name in camel case", () => {
    assert.is(exportName("expert", "top-k"), "topK");
    assert.is(exportName("router", "by-2-hashes"), "by2Hashes");
    assert.is(exportName("expert", "relu"), "relu");
  });

  test("takes the kind along where the name is a word of JavaScript", () => {
    assert.is(exportName("router", "switch"), "switchRouter");
    assert.is(exportName("schedule", "default"), "defaultSchedule");
  });

  test("is always a name that JavaScript accepts", () => {
    for (const name of ["await", "class", "yield", "let", "eval", "null", "a", "switch"]) {
      // Parsed, never run; strict and asynchronous, as a module is.
      const declaration = `"use strict"; async () => { const ${exportName("loss", name)} = 1; };`;
      assert.instance(new Script(declaration), Script);
    }
  });
});
