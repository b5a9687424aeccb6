import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { explanations } from "../../../core/errors/codes.ts";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

suite("switchyard explain", (test) => {
  test("knows every code: meaning, reason and remedy", async () => {
    const codes = Object.keys(explanations);
    assert.ok(codes.length > 40);
    for (const code of codes) {
      const { out } = await command("/", ["explain", code]);
      assert.match(out, new RegExp(`^${code}: [\\s\\S]+\n\nWhy\n  [\\s\\S]+\n\nWhat to do\n  `), code);
    }
    const list = (await command("/", ["explain"])).out;
    for (const code of codes) assert.ok(list.includes(`${code} `), code);
  });

  test("takes small letters, and suggests the nearest code", async () => {
    assert.is((await command("/", ["explain", "k_too_large"])).code, 0);
    const { code, err } = await command("/", ["explain", "K_TO_LARGE"]);
    assert.is(code, 2);
    assert.match(err, /UNKNOWN_CODE[\s\S]*Did you mean K_TOO_LARGE\?/);
  });
});

suite("switchyard plugins", (test) => {
  test("lists plugins with what they do and where they come from", async () => {
    const { code, out } = await command(makeProject(), ["plugins"]);
    assert.is(code, 0);
    assert.match(out, /^router\/switch +\S.* built in$/m);
    const routers = (await command(makeProject(), ["plugins", "router"])).out.trim().split("\n").slice(1);
    assert.ok(routers.length >= 3 && routers.every((line) => line.startsWith("router/")));
  });

  test("documents a plugin's options from its schema", async () => {
    const { out } = await command(makeProject(), ["plugins", "router/switch"]);
    assert.match(out, /^router\/switch, version \S+\n/);
    assert.match(out, /^ {2}experts +integer >= 1 +required +\S/m);
    assert.match(out, /^ {2}gate +"softmax" or "heaviside" +"softmax" +\S/m);
  });

  test("lists the project's own plugins and those that a config names", async () => {
    const source = (name: string): string => `
      import { definePlugin, Type } from "switchyard";
      export const plugin = definePlugin({ kind: "schedule", name: "${name}", version: "1", summary: "Mine.",
        options: Type.Object({}), create: () => ({ multiplier: () => 1 }) });`;
    const project = makeProject({
      "plugins/schedule/mine.js": source("mine"),
      "other.js": source("other"),
      "c.yaml": "plugins: [./other.js]\n",
    });
    const plain = (await command(project, ["plugins", "schedule"])).out;
    assert.match(plain, /^schedule\/mine +Mine\. .*plugins\/schedule\/mine\.js$/m);
    assert.not(plain.includes("schedule/other"));
    assert.match((await command(project, ["plugins", "--config", "c.yaml"])).out, /^schedule\/other +Mine\./m);
  });

  test("suggests kinds and names", async () => {
    assert.match((await command(makeProject(), ["plugins", "ruoter"])).err, /Did you mean router\?/);
    const { code, err } = await command(makeProject(), ["plugins", "router/swich"]);
    assert.is(code, 1);
    assert.match(err, /Did you mean "switch"\? \[PLUGIN_UNKNOWN\]/);
  });
});

suite("switchyard schema", (test) => {
  test("writes the schema of configs with all plugins", async () => {
    const project = makeProject();
    const { code, out } = await command(project, ["schema"]);
    assert.equal([code, out], [0, ".switchyard/schema.json\n"]);
    const text = readFileSync(join(project, ".switchyard/schema.json"), "utf8");
    const schema = JSON.parse(text) as { $schema: string; properties: Record<string, unknown> };
    assert.match(schema.$schema, "2020-12");
    assert.ok("source" in schema.properties && "sweep" in schema.properties);
    assert.match(text, '"top-k"');
    assert.is((await command(project, ["schema", "--out", "s.json"])).out, "s.json\n");
    assert.is(readFileSync(join(project, "s.json"), "utf8"), text);
  });
});

suite("switchyard new", (test) => {
  test("writes a plugin that the project knows at once, and never overwrites", async () => {
    const project = makeProject();
    const { code, out, err } = await command(project, ["new", "router", "my-router"]);
    assert.is(code, 0, err);
    assert.match(out, /^plugins\/router\/my-router\.ts\n/);
    assert.match((await command(project, ["plugins", "router"])).out, /^router\/my-router +\S/m);
    const again = await command(project, ["new", "router", "my-router"]);
    assert.equal([again.code, again.out], [1, ""]);
    assert.match(again.err, "SCAFFOLD_EXISTS");
  });

  test("refuses unknown kinds and names that no config could write, with exit code 2", async () => {
    for (const words of [
      ["ruoter", "my-router"],
      ["router", "MyRouter"],
    ]) {
      assert.is((await command(makeProject(), ["new", ...words])).code, 2, words.join(" "));
    }
  });
});
