/**
 * Completes the plain values of one run: `null` unsets (where null is no value of its own), defaults fill the gaps,
 * plugin choices become maps with `type`. Interpolations are still pending meanwhile, so that they see every default.
 */
import type { ConfigSchema } from "./config-schema.ts";
import { Pending } from "./pending.ts";
import { acceptsNull, isSchema, propertiesOf, propertyOf, type JsonSchema } from "./json-schema.ts";
import { setOwn } from "./node.ts";
import { slots, type Slot } from "./slots.ts";
import { isTemplate } from "./template.ts";

export type Plain = Record<string, unknown>;

export interface DefaultFiller {
  readonly schema: ConfigSchema;
  /** Resolves what is pending in a value; undefined where it cannot be. */
  readonly settle: (value: unknown) => unknown;
  /** The finished value of a slot, when an earlier run of the sweep left one. */
  readonly finished: (slot: Slot) => object | undefined;
  /** Makes the pending value of a default that is an interpolation. */
  readonly pend: (text: string, path: string) => Pending;
}

/** A plugin choice of a run, as far as it is known. */
export interface Choice {
  readonly slot: Slot;
  readonly path: readonly string[];
  /** The value as it stands: a map with `type`, or something wrong. */
  readonly value: unknown;
}

/** Fills `root` in place. @returns Every plugin choice in it that is still to be checked. */
export function fillDefaults(root: Plain, filler: DefaultFiller): readonly Choice[] {
  fillProperties(root, filler.schema.core, [], filler);
  return slots.flatMap((slot) => fillSlot(root, slot, filler));
}

function fillProperties(target: Plain, schema: JsonSchema, path: readonly string[], filler: DefaultFiller): void {
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    const own = Object.hasOwn(target, name) ? target[name] : undefined;
    if (own === null && !acceptsNull(property)) Reflect.deleteProperty(target, name);
    const isUnset = own === undefined || (own === null && !acceptsNull(property));
    if (isUnset && property["default"] !== undefined) {
      target[name] = copyDefault(property["default"], [...path, name].join("."), filler);
    }
    const value = Object.hasOwn(target, name) ? target[name] : undefined;
    if (isPlain(value) && isSchema(property["properties"])) fillProperties(value, property, [...path, name], filler);
  }
}

function fillSlot(root: Plain, slot: Slot, filler: DefaultFiller): readonly Choice[] {
  const parent = slot.path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (isPlain(value) ? value[key] : undefined), root);
  const name = slot.path.at(-1) ?? "";
  if (!isPlain(parent) || !Object.hasOwn(parent, name)) return [];
  const finished = filler.finished(slot);
  if (finished !== undefined) {
    parent[name] = finished;
    return [];
  }
  if (parent[name] instanceof Pending) parent[name] = filler.settle(parent[name]);
  if (!slot.isList) {
    parent[name] = fillChoice(parent[name], slot, slot.path, filler);
    return [{ slot, path: slot.path, value: parent[name] }];
  }
  const items = parent[name];
  if (!Array.isArray(items)) return [{ slot, path: slot.path, value: items }];
  for (const [index, item] of items.entries())
    items[index] = fillChoice(item, slot, [...slot.path, String(index)], filler);
  return items.map((value: unknown, index) => ({ slot, path: [...slot.path, String(index)], value }));
}

function fillChoice(
  value: unknown,
  { kind, path: slotPath }: Slot,
  path: readonly string[],
  filler: DefaultFiller,
): unknown {
  const known = value instanceof Pending ? filler.settle(value) : value;
  const choice: unknown = typeof known === "string" ? { type: known } : known;
  if (!isPlain(choice)) return choice;
  // Options without a type belong to the plugin that would be used anyway.
  const usual = defaultOf(slotPath, filler.schema);
  if (choice["type"] === undefined && typeof usual === "string") choice["type"] = usual;
  if (choice["type"] instanceof Pending) setOwn(choice, "type", filler.settle(choice["type"]));
  const { type } = choice;
  const plugin = typeof type === "string" ? filler.schema.plugin(kind, type) : undefined;
  if (plugin !== undefined) fillProperties(choice, { ...plugin.options }, path, filler);
  return choice;
}

/** What the core's schema says of a slot that nobody fills. */
function defaultOf(path: readonly string[], { core }: ConfigSchema): unknown {
  const property = path.reduce<JsonSchema | undefined>((schema, key) => schema && propertyOf(schema, key), core);
  return property?.["default"];
}

function copyDefault(value: unknown, path: string, filler: DefaultFiller): unknown {
  if (isTemplate(value)) return filler.pend(value, path);
  if (Array.isArray(value)) return value.map((item, index) => copyDefault(item, `${path}.${index}`, filler));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, copyDefault(item, `${path}.${key}`, filler)]),
  );
}

export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Pending);
}
