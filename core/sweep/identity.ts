/**
 * A run's id: twelve hex digits of what determines its result, and of nothing else. Same id, same result: a finished
 * run is never repeated, and an unfinished one is continued.
 *
 * In the hash: the resolved config with defaults, the version of every plugin that computes something, the source's
 * fingerprint. Not in it: whatever a schema marks `x-hash: false` (names, device, executor, trackers, report, how often
 * to log, paths whose content the fingerprint covers). `x-hash: "unless-default"` keeps an option out while it has its
 * default, so that an option can be added to a plugin without giving old runs new ids.
 *
 * The device is left out although devices differ in the last bits: which one `auto` finds is known only when the run
 * starts. The run's provenance records it.
 */
import { createHash } from "node:crypto";
import type { RunConfig } from "../config/config.ts";
import type { ConfigSchema } from "../config/config-schema.ts";
import { propertiesOf, propertyOf, type JsonSchema } from "../config/json-schema.ts";
import { slots } from "../config/slots.ts";
import type { PluginKind } from "../plugin/kinds.ts";

/** Kinds of plugin that cannot change a result. */
const silentKinds: readonly PluginKind[] = ["device", "executor", "tracker", "plot"];

export interface IdentityInput {
  readonly config: RunConfig;
  readonly schema: ConfigSchema;
  /** Of the source: `SourceFacts.fingerprint`. */
  readonly fingerprint: string;
}

/** @returns 12 hex digits. */
export function runId({ config, schema, fingerprint }: IdentityInput): string {
  const plugins = usedPlugins(config, schema).filter(({ kind }) => !silentKinds.includes(kind));
  const identity = {
    config: hashedPart(config, schema.core, schema),
    plugins: plugins.map(({ kind, name, version }) => `${kind}/${name}@${version}`).sort(),
    source: fingerprint,
  };
  return createHash("sha256").update(canonicalJson(identity)).digest("hex").slice(0, 12);
}

export interface UsedPlugin {
  readonly kind: PluginKind;
  readonly name: string;
  readonly version: string;
}

/** Every plugin that a config chooses, each once, in the order of the config's keys. */
export function usedPlugins(config: RunConfig, schema: ConfigSchema): readonly UsedPlugin[] {
  const used = new Map<string, UsedPlugin>();
  for (const { path, kind } of slots) {
    const value = path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), config);
    for (const choice of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const name = isRecord(choice) && typeof choice["type"] === "string" ? choice["type"] : undefined;
      if (name === undefined) continue;
      used.set(`${kind}/${name}`, { kind, name, version: schema.plugin(kind, name)?.version ?? "unknown" });
    }
  }
  return [...used.values()];
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isRecord(value)) return value === undefined ? "null" : JSON.stringify(value);
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(",")}}`;
}

/** The part of a value that enters the hash, by the schema's `x-hash` marks. */
function hashedPart(value: unknown, schema: JsonSchema, all: ConfigSchema): unknown {
  const kind = schema["x-plugin"];
  if (typeof kind === "string") {
    return Array.isArray(value)
      ? value.map((choice) => hashedChoice(choice, kind, all))
      : hashedChoice(value, kind, all);
  }
  if (!isRecord(value) || Object.keys(propertiesOf(schema)).length === 0) return value;
  const hashed: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const property = propertyOf(schema, key) ?? {};
    const mark = property["x-hash"];
    if (mark === false) continue;
    if (mark === "unless-default" && canonicalJson(item) === canonicalJson(property["default"])) continue;
    hashed[key] = hashedPart(item, property, all);
  }
  return hashed;
}

function hashedChoice(choice: unknown, kind: string, all: ConfigSchema): unknown {
  if (!isRecord(choice)) return choice;
  const slot = slots.find((known) => known.kind === kind);
  const plugin = slot === undefined ? undefined : all.plugin(slot.kind, String(choice["type"]));
  return plugin === undefined ? choice : hashedPart(choice, { ...plugin.options }, all);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
