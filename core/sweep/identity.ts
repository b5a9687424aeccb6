/**
 * A run's id: twelve hex digits of what determines its result, and of nothing else. Same id, same result: a finished
 * run is never repeated, and an unfinished one is continued.
 *
 * In the hash: the resolved config with defaults, the version of every plugin that computes something, the source's
 * fingerprint. Not in it: whatever a schema marks `x-hash: false` (names, device, executor, trackers, report, how often
 * to log, paths whose content the fingerprint covers). The evaluation is not in it either: when it changes, a finished
 * run is evaluated again from its last checkpoint (core/run/create-run-folder.ts). `x-hash: "unless-default"` keeps an option out while it has its
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

/** Kinds of plugin that cannot change what is learned. */
const silentKinds: readonly PluginKind[] = ["device", "evaluator", "executor", "tracker", "plot"];

/** Names the runs of a sweep; parts that runs share are hashed into text once. */
export class Identifier {
  readonly #schema: ConfigSchema;
  readonly #choices = new WeakMap<object, string>();

  constructor(schema: ConfigSchema) {
    this.#schema = schema;
  }

  /**
   * @param used What `usedPlugins` says of the config.
   * @param fingerprint Of the source: `SourceFacts.fingerprint`.
   * @returns 12 hex digits.
   */
  idOf(config: RunConfig, used: readonly UsedPlugin[], fingerprint: string): string {
    const versions = used
      .filter(({ kind }) => !silentKinds.includes(kind))
      .map(({ kind, name, version }) => `${kind}/${name}@${version}`)
      .sort();
    const text = `${this.#hashedText(config, this.#schema.core)}\n${canonicalJson(versions)}\n${JSON.stringify(fingerprint)}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 12);
  }

  /** The part of a value that enters the hash, by the schema's `x-hash` marks, as canonical JSON. */
  #hashedText(value: unknown, schema: JsonSchema): string {
    const kind = schema["x-plugin"];
    if (typeof kind === "string") {
      if (!Array.isArray(value)) return this.#choiceText(value, kind);
      return `[${value.map((choice) => this.#choiceText(choice, kind)).join(",")}]`;
    }
    const properties = propertiesOf(schema);
    if (!isRecord(value) || Object.keys(properties).length === 0) return canonicalJson(value);
    const parts: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const property = propertyOf(schema, key) ?? {};
      const mark = property["x-hash"];
      if (mark === false || value[key] === undefined) continue;
      if (mark === "unless-default" && canonicalJson(value[key]) === canonicalJson(property["default"])) continue;
      parts.push(`${JSON.stringify(key)}:${this.#hashedText(value[key], property)}`);
    }
    return `{${parts.join(",")}}`;
  }

  #choiceText(choice: unknown, kind: string): string {
    if (!isRecord(choice)) return canonicalJson(choice);
    const known = this.#choices.get(choice);
    if (known !== undefined) return known;
    const slot = slots.find((candidate) => candidate.kind === kind);
    const plugin = slot === undefined ? undefined : this.#schema.plugin(slot.kind, String(choice["type"]));
    const text = plugin === undefined ? canonicalJson(choice) : this.#hashedText(choice, { ...plugin.options });
    this.#choices.set(choice, text);
    return text;
  }
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
