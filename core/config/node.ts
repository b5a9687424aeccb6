/**
 * The tree of a config, between YAML text and plain values. Nodes are immutable and shared: a sweep of a thousand
 * runs holds the composed tree once, and each run replaces only the path that it changes.
 */
import type { Span } from "./positions.ts";

export type Scalar = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: Scalar;
  /** Absent for values that nobody wrote: defaults, and assignments made by a program. */
  readonly span?: Span;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
  readonly span?: Span;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly span?: Span;
}

export interface Entry {
  readonly keySpan?: Span;
  readonly value: ConfigNode;
  /** The value that this one replaced: from a base file, or from a file when a word won. */
  readonly replaced?: ConfigNode;
}

export type ConfigNode = ScalarNode | ListNode | MapNode;

export const emptyMap: MapNode = { kind: "map", entries: new Map() };

export function scalarNode(value: Scalar, span?: Span): ScalarNode {
  return span === undefined ? { kind: "scalar", value } : { kind: "scalar", value, span };
}

export function listNode(items: readonly ConfigNode[], span?: Span): ListNode {
  return span === undefined ? { kind: "list", items } : { kind: "list", items, span };
}

export function mapNode(entries: ReadonlyMap<string, Entry>, span?: Span): MapNode {
  return span === undefined ? { kind: "map", entries } : { kind: "map", entries, span };
}

/** A copy with one entry set; order is kept, new keys come last. */
export function withEntry(map: MapNode, key: string, entry: Entry): MapNode {
  return { ...map, entries: new Map(map.entries).set(key, entry) };
}

export function withoutEntry(map: MapNode, key: string): MapNode {
  const entries = new Map(map.entries);
  entries.delete(key);
  return { ...map, entries };
}

/** The text of a map's `type`, when it has one. */
export function typeOf(node: ConfigNode | undefined): string | undefined {
  if (node?.kind !== "map") return undefined;
  const type = node.entries.get("type")?.value;
  return type?.kind === "scalar" && typeof type.value === "string" ? type.value : undefined;
}

/** Plain values of a node, interpolations as they are written. */
export function toPlain(node: ConfigNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toPlain);
  const plain: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) setOwn(plain, key, toPlain(entry.value));
  return plain;
}

/** A node for a plain value, every part of it at the same span. */
export function fromPlain(value: unknown, span?: Span): ConfigNode {
  if (Array.isArray(value))
    return listNode(
      value.map((item) => fromPlain(item, span)),
      span,
    );
  if (typeof value === "object" && value !== null) {
    const entries = new Map<string, Entry>();
    for (const [key, item] of Object.entries(value)) {
      entries.set(key, { value: fromPlain(item, span), ...(span === undefined ? {} : { keySpan: span }) });
    }
    return mapNode(entries, span);
  }
  return scalarNode(isScalar(value) ? value : null, span);
}

/** Sets an own property, also one named `__proto__`. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
