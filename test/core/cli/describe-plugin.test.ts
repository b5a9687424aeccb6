import { Type } from "typebox";
import type { TObject } from "typebox";
import * as assert from "uvu/assert";
import { describePlugin } from "../../../core/cli/commands/plugins.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

function pluginWith(options: TObject): ReturnType<typeof definePlugin> {
  return definePlugin({
    kind: "schedule",
    name: "example",
    version: "3",
    summary: "An example.",
    paper: "Someone 2024",
    options,
    create: () => ({ multiplier: () => 1 }),
  });
}

/** The line of an option, its columns apart. */
function optionLine(options: TObject, name: string): readonly string[] {
  const line = describePlugin(pluginWith(options))
    .split("\n")
    .find((text) => text.startsWith(`  ${name} `));
  return (line ?? "").trim().split(/ {2,}/);
}

suite("the description of a plugin", (test) => {
  test("starts with name, version, purpose and paper", () => {
    assert.equal(
      describePlugin(pluginWith(Type.Object({})))
        .split("\n")
        .slice(0, 3),
      ["schedule/example, version 3", "An example.", "Described in: Someone 2024"],
    );
  });

  test("says when there are no options", () => {
    assert.match(describePlugin(pluginWith(Type.Object({}))), /\nIt has no options\.\n$/);
  });

  test("shows type, limits, default and meaning of each option", () => {
    const options = Type.Object({
      count: Type.Integer({ minimum: 1, maximum: 8, default: 2, description: "How many." }),
      share: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: "How much." }),
      label: Type.Optional(Type.String({ description: "A name." })),
      isOn: Type.Boolean({ default: false, description: "Whether." }),
    });
    assert.equal(optionLine(options, "count"), ["count", "integer >= 1, <= 8", "2", "How many."]);
    assert.equal(optionLine(options, "share"), ["share", "number > 0, < 1", "required", "How much."]);
    assert.equal(optionLine(options, "label"), ["label", "string", "none", "A name."]);
    assert.equal(optionLine(options, "isOn"), ["isOn", "boolean", "false", "Whether."]);
  });

  test("shows alternatives and lists as a config writes them", () => {
    const options = Type.Object({
      mode: Type.Enum(["fast", "exact"], { default: "fast", description: "Which." }),
      slots: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 1 })], { description: "How many." }),
      files: Type.Array(Type.String(), { default: [], description: "Which." }),
    });
    assert.is(optionLine(options, "mode")[1], '"fast" or "exact"');
    assert.is(optionLine(options, "slots")[1], '"auto" or integer >= 1');
    assert.equal(optionLine(options, "files").slice(1, 3), ["list of string", "[]"]);
  });
});

suite("every shipped plugin", (test) => {
  test("has a description in which each option has a type and a meaning", async () => {
    const project = makeProject();
    const { out } = await command(project, ["plugins", "--json"]);
    const listed = JSON.parse(out) as { kind: string; name: string; summary: string }[];
    assert.ok(listed.length >= 34);
    for (const { kind, name, summary } of listed) {
      const text = (await command(project, ["plugins", `${kind}/${name}`])).out;
      assert.ok(text.startsWith(`${kind}/${name}, version `) && text.includes(summary), `${kind}/${name}`);
      const plugin = JSON.parse((await command(project, ["plugins", `${kind}/${name}`, "--json"])).out) as {
        options: { properties: Record<string, { description?: string }> };
      };
      for (const [option, { description }] of Object.entries(plugin.options.properties)) {
        assert.ok(description !== undefined && description.length > 5, `${kind}/${name}: ${option} has no description`);
        assert.ok(text.includes(`  ${option} `), `${kind}/${name}: ${option}`);
      }
    }
  });
});
