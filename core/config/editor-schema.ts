/**
 * The JSON Schema that an editor completes and underlines from. It differs from validation where a file being written
 * differs from a resolved config: nothing is required (a base file may bring it), null unsets, and wherever a value is
 * expected a text with `${...}` may stand. Plugin options follow `type` by `enum` and `if`/`then`, which editors
 * complete best.
 */
import type { AnyPlugin } from "../plugin/define-plugin.ts";
import { pluginKinds, type PluginKind } from "../plugin/kinds.ts";
import { sweepEditorSchema } from "./sweep-editor-schema.ts";
import { branchesOf, isSchema, propertiesOf, type JsonSchema } from "./json-schema.ts";

/** @param core The core's keys, slots marked `x-plugin`. */
export function editorSchema(core: JsonSchema, plugins: readonly AnyPlugin[]): JsonSchema {
  const root = loosen(core);
  const texts = { type: "array", items: { type: "string" } };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Switchyard config",
    ...root,
    properties: {
      extends: {
        description: "Configs that this one is laid over, relative to this file.",
        anyOf: [{ type: "string" }, texts],
      },
      ...propertiesOf(root),
      sweep: sweepEditorSchema,
    },
    $defs: Object.fromEntries(pluginKinds.map((kind) => [kind, choiceOf(kind, plugins)])),
  };
}

/** One plugin of a kind: its name, or a map with `type` and the options of that type. */
function choiceOf(kind: PluginKind, plugins: readonly AnyPlugin[]): JsonSchema {
  const ofKind = plugins.filter((plugin) => plugin.kind === kind).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = ofKind.map(({ name }) => name);
  const typeNames = { enum: names, enumDescriptions: ofKind.map(({ summary }) => summary) };
  return {
    if: { type: "object" },
    then: {
      properties: { type: { description: `Which ${kind}.`, ...typeNames } },
      allOf: ofKind.map((plugin) => ({
        if: { properties: { type: { const: plugin.name } }, required: ["type"] },
        then: optionsOf(plugin),
      })),
    },
    else: { anyOf: [typeNames, interpolated, { type: "null" }] },
  };
}

function optionsOf(plugin: AnyPlugin): JsonSchema {
  const options = propertiesOf(loosen({ ...plugin.options }));
  const description = [plugin.summary, plugin.paper].filter((text) => text !== undefined).join(" ");
  return { description, properties: { type: {}, ...options }, additionalProperties: false };
}

const interpolated: JsonSchema = { type: "string", pattern: "\\$\\{" };

/** The schema for a file in the making: see the header. */
function loosen(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  const kind = schema["x-plugin"];
  if (typeof kind === "string") return loosenSlot(schema, kind);
  const rest = without(schema, ["required", "x-hash"]);
  if (rest["type"] === "object" || isSchema(rest["properties"])) {
    const properties = Object.entries(propertiesOf(schema)).map(([name, property]) => [name, loosen(property)]);
    return {
      ...rest,
      type: ["object", "null"],
      properties: Object.fromEntries(properties) as JsonSchema,
      additionalProperties: rest["additionalProperties"] ?? false,
    };
  }
  const alternatives = branchesOf(rest).length > 0 ? branchesOf(rest).map(plainBranch) : [plainBranch(rest)];
  const shown = {
    ...(description === undefined ? {} : { description }),
    ...(rest["default"] === undefined ? {} : { default: rest["default"] }),
  };
  return { ...shown, anyOf: [...alternatives, interpolated, { type: "null" }] };
}

function loosenSlot(schema: JsonSchema, kind: string): JsonSchema {
  const shown = { ...(schema["description"] === undefined ? {} : { description: schema["description"] }) };
  const choice = { $ref: `#/$defs/${kind}` };
  if (schema["type"] !== "array") return { ...shown, ...choice };
  return { ...shown, anyOf: [{ type: "array", items: choice }, interpolated, { type: "null" }] };
}

function plainBranch(schema: JsonSchema): JsonSchema {
  return without(schema, ["description", "default", "x-hash"]);
}

function without(schema: JsonSchema, names: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}
