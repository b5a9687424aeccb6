/**
 * The schema of a whole config: the core's keys and every plugin's options. For editors it is one JSON Schema; for
 * validation it is one compiled check for the core's keys and one for each plugin that is really used, which is the
 * same verdict with errors that name one cause (and no time spent on compiling plugins that nobody asked for).
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { SwitchyardError, messageOf } from "../errors/switchyard-error.ts";
import type { AnyPlugin } from "../plugin/define-plugin.ts";
import { pluginKinds, type PluginKind } from "../plugin/kinds.ts";
import { runSchema } from "./core-schema.ts";
import { editorSchema } from "./editor-schema.ts";
import { isSchema, propertiesOf, type JsonSchema } from "./json-schema.ts";

/** Checks a value; returns ajv's errors, none when it is valid. Fills nothing in. */
export type Check = (value: unknown) => readonly ErrorObject[];

export interface ConfigSchema {
  /** One JSON Schema (draft 2020-12) for editors; `${...}` is accepted wherever a value may be interpolated. */
  readonly json: JsonSchema;
  /** The core's keys as JSON Schema; plugin slots are marked `x-plugin`. */
  readonly core: JsonSchema;
  readonly checkCore: Check;
  plugin(kind: PluginKind, name: string): AnyPlugin | undefined;
  /** Sorted. */
  names(kind: PluginKind): readonly string[];
  /** Kinds that have a plugin of this name. */
  kindsOf(name: string): readonly PluginKind[];
  /** Checks a plugin's options, `type` included. @throws SwitchyardError PLUGIN_SCHEMA_INVALID */
  checkOptions(kind: PluginKind, name: string): Check;
}

export function buildConfigSchema(plugins: readonly AnyPlugin[]): ConfigSchema {
  const ajv = new Ajv2020({
    ...{ allErrors: true, verbose: true, strict: false, ownProperties: true, logger: false },
    // Compiling the schema of schemas would cost 60 ms at every start (a keyword with a wrong value throws all the
    // same), and optimising checks that run a thousand times more than they gain.
    ...{ meta: false, validateSchema: false, code: { optimize: false } },
  });
  const known = new Map(plugins.map((plugin) => [`${plugin.kind}/${plugin.name}`, plugin]));
  const names = new Map(pluginKinds.map((kind) => [kind, namesOf(kind, plugins)]));
  const checks = new Map<string, Check>();
  const core: JsonSchema = { ...runSchema };
  let checkCore: Check | undefined;
  let json: JsonSchema | undefined;
  return {
    core,
    get json() {
      json ??= editorSchema(core, plugins);
      return json;
    },
    get checkCore() {
      checkCore ??= checkOf(ajv.compile(strictCore(core)));
      return checkCore;
    },
    plugin: (kind, name) => known.get(`${kind}/${name}`),
    names: (kind) => names.get(kind) ?? [],
    kindsOf: (name) => plugins.filter((plugin) => plugin.name === name).map(({ kind }) => kind),
    checkOptions(kind, name) {
      const key = `${kind}/${name}`;
      const plugin = known.get(key);
      const check = checks.get(key) ?? compileOptions(ajv, plugin);
      checks.set(key, check);
      return check;
    },
  };
}

function namesOf(kind: PluginKind, plugins: readonly AnyPlugin[]): readonly string[] {
  const ofKind = plugins.filter((plugin) => plugin.kind === kind);
  return ofKind.map(({ name }) => name).sort();
}

function compileOptions(ajv: Ajv2020, plugin: AnyPlugin | undefined): Check {
  if (plugin === undefined) return () => [];
  try {
    return checkOf(ajv.compile(optionsSchema(plugin)));
  } catch (error) {
    throw new SwitchyardError(
      "PLUGIN_SCHEMA_INVALID",
      `The options of ${plugin.kind} "${plugin.name}" are no JSON Schema.`,
      {
        where: `options of the plugin ${plugin.kind}/${plugin.name}`,
        expected: "a TypeBox object, such as Type.Object({ k: Type.Integer() })",
        received: messageOf(error),
        cause: error,
      },
    );
  }
}

/** A plugin's options as a config writes them: with `type`, and nothing that is not declared. */
function optionsSchema(plugin: AnyPlugin): JsonSchema {
  const options: JsonSchema = { ...plugin.options };
  return {
    ...options,
    properties: { type: { type: "string" }, ...propertiesOf(options) },
    additionalProperties: false,
  };
}

/** The core's schema with nothing undeclared allowed, and any map for a plugin. */
function strictCore(schema: JsonSchema): JsonSchema {
  const { description } = schema;
  if (schema["x-plugin"] !== undefined) return description === undefined ? {} : { description };
  const properties = propertiesOf(schema);
  if (Object.keys(properties).length === 0) return schema;
  const strict = Object.entries(properties).map(([name, property]) => [
    name,
    isSchema(property) ? strictCore(property) : {},
  ]);
  return { ...schema, properties: Object.fromEntries(strict) as JsonSchema, additionalProperties: false };
}

function checkOf(validate: ((value: unknown) => unknown) & { errors?: ErrorObject[] | null }): Check {
  return (value) => (validate(value) === true ? [] : [...(validate.errors ?? [])]);
}
