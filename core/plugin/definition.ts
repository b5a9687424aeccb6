/**
 * Checks what a plugin's file exports, once, at the border: behind it every plugin is an `AnyPlugin`. All faults of a
 * definition are reported together.
 */
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { AnyPlugin } from "./define-plugin.ts";
import { pluginKinds } from "./kinds.ts";

/** Kinds whose plugins must say what is known of them before they are built. */
const kindsWithFacts: readonly string[] = ["router", "expert", "source"];
const knownFields: readonly string[] = [
  "kind",
  "name",
  "version",
  "summary",
  "paper",
  "options",
  "deps",
  "facts",
  "create",
  "dispose",
];
const kebabCase = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Whether a name can be a plugin's: kebab-case, starting with a letter. */
export function isPluginName(name: string): boolean {
  return kebabCase.test(name);
}

/** Whether a value is meant to be a plugin, right or wrong: an object with a kind or a create. */
export function looksLikePlugin(value: unknown): boolean {
  return isRecord(value) && ("kind" in value || "create" in value);
}

/**
 * @param where Config position or file, for the message.
 * @returns The value, as the plugin that it was found to be.
 * @throws SwitchyardError PLUGIN_INVALID listing every fault.
 */
export function validateDefinition(value: unknown, where: string): AnyPlugin {
  const faults = definitionFaults(value);
  if (faults.length === 0) return value as AnyPlugin; // what the faults were searched for
  const name = isRecord(value) && typeof value["name"] === "string" ? ` "${value["name"]}"` : "";
  const list = faults.length === 1 ? ` ${faults[0] ?? ""}` : `\n${faults.map((fault) => `    - ${fault}`).join("\n")}`;
  throw new SwitchyardError("PLUGIN_INVALID", `The plugin${name} is not a valid definition:${list}`, {
    where,
    expected:
      "definePlugin({ kind, name, version, summary, options, create }), with facts for a router, expert or source",
    next: "Correct the definition; `switchyard new <kind> <name>` writes a complete one.",
  });
}

/** Every fault of a definition, as sentences without a full stop; empty when there is none. */
export function definitionFaults(value: unknown): readonly string[] {
  if (!isRecord(value)) return [`it is ${describe(value)}, not an object made by definePlugin`];
  return [
    ...kindFaults(value["kind"]),
    ...nameFaults(value["name"]),
    ...textFaults(value, "version", 'a non-empty string such as "1"'),
    ...textFaults(value, "summary", "one sentence"),
    ...(value["paper"] === undefined ? [] : textFaults(value, "paper", "a reference as text")),
    ...optionsFaults(value["options"]),
    ...dependencyFaults(value["deps"]),
    ...functionFaults(value),
    ...unknownFieldFaults(value),
  ];
}

function kindFaults(kind: unknown): readonly string[] {
  if (pluginKinds.some((known) => known === kind)) return [];
  const near = typeof kind === "string" ? nearestName(kind, pluginKinds) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return [`kind is ${describe(kind)}, not one of ${pluginKinds.join(", ")}${hint}`];
}

function nameFaults(name: unknown): readonly string[] {
  if (typeof name === "string" && isPluginName(name)) return [];
  return [`name is ${describe(name)}, not kebab-case such as "my-plugin"`];
}

function textFaults(value: Readonly<Record<string, unknown>>, field: string, expected: string): readonly string[] {
  const text = value[field];
  return typeof text === "string" && text.trim() !== "" ? [] : [`${field} is ${describe(text)}, not ${expected}`];
}

function optionsFaults(options: unknown): readonly string[] {
  if (!isRecord(options) || options["type"] !== "object" || !isRecord(options["properties"])) {
    return [`options is ${describe(options)}, not a Type.Object({...}) schema`];
  }
  const names = Object.entries(options["properties"]);
  return names.flatMap(([name, schema]) => [
    ...(name === "type" ? ["options has a property named type, which is how configs write the plugin's name"] : []),
    ...(isRecord(schema) ? [] : [`options.${name} is ${describe(schema)}, not a schema`]),
  ]);
}

function dependencyFaults(deps: unknown): readonly string[] {
  if (deps === undefined) return [];
  if (!isRecord(deps)) return [`deps is ${describe(deps)}, not an object of service references`];
  return Object.entries(deps)
    .filter(([, ref]) => !isServiceRef(ref))
    .map(([name, ref]) => `deps.${name} is ${describe(ref)}, not a reference made by defineService`);
}

function isServiceRef(value: unknown): boolean {
  return isRecord(value) && typeof value["id"] === "string" && (value["scope"] === "sweep" || value["scope"] === "run");
}

function functionFaults(value: Readonly<Record<string, unknown>>): readonly string[] {
  const faults: string[] = [];
  if (typeof value["create"] !== "function") faults.push(`create is ${describe(value["create"])}, not a function`);
  for (const field of ["facts", "dispose"]) {
    const given = value[field];
    if (given !== undefined && typeof given !== "function")
      faults.push(`${field} is ${describe(given)}, not a function`);
  }
  const kind = value["kind"];
  if (typeof kind === "string" && kindsWithFacts.includes(kind) && value["facts"] === undefined) {
    faults.push(
      `facts is missing, which ${kind === "expert" ? "an" : "a"} ${kind} needs: checks before a run depend on it`,
    );
  }
  return faults;
}

function unknownFieldFaults(value: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(value)
    .filter((field) => !knownFields.includes(field))
    .map((field) => {
      const near = nearestName(field, knownFields);
      return `${field} is not a field of a plugin${near === undefined ? "" : `; did you mean ${near}?`}`;
    });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a few words. */
function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
