/**
 * Config paths: "model.router.experts", "losses.1.weight". In a list of plugins an item may also be named by its type:
 * "losses.load-balance.weight" means the same item wherever it stands in the list.
 */
import { emptyMap, typeOf, withEntry, withoutEntry, type ConfigNode, type Entry, type ListNode } from "./node.ts";
import type { Span } from "./positions.ts";

export function splitPath(path: string): readonly string[] {
  return path === "" ? [] : path.split(".");
}

export function joinPath(segments: readonly (string | number)[]): string {
  return segments.join(".");
}

/** The position in a list that a path segment names, or -1. */
export function listIndexOf(list: ListNode, segment: string): number {
  if (/^\d+$/.test(segment)) return Number(segment) < list.items.length ? Number(segment) : -1;
  return list.items.findIndex((item) => typeOf(item) === segment);
}

/** The node at a path, or undefined. */
export function nodeAt(root: ConfigNode, segments: readonly string[]): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const segment of segments) {
    if (node?.kind === "map") node = node.entries.get(segment)?.value;
    else if (node?.kind === "list") node = node.items[listIndexOf(node, segment)];
    else return undefined;
  }
  return node;
}

/** The map entry at a path, or undefined: also knows its key, and what it replaced. */
export function entryAt(root: ConfigNode, segments: readonly string[]): Entry | undefined {
  const parent = nodeAt(root, segments.slice(0, -1));
  return parent?.kind === "map" ? parent.entries.get(segments.at(-1) ?? "") : undefined;
}

/** The span of the value at a path, or of the nearest written thing around it. */
export function spanNear(root: ConfigNode, segments: readonly string[]): Span | undefined {
  for (let length = segments.length; length > 0; length--) {
    const found = nodeAt(root, segments.slice(0, length));
    if (found === undefined) continue;
    const key = entryAt(root, segments.slice(0, length))?.keySpan;
    // A surrounding map is best shown by its key.
    return length === segments.length ? (found.span ?? key) : (key ?? found.span);
  }
  return root.span;
}

/** Why a path cannot be set. */
export interface Blocked {
  /** The path up to what blocks it. */
  readonly path: string;
  readonly node: ConfigNode;
}

/** A value to be set, and where each segment of its path was written. */
export interface Setting {
  readonly value: ConfigNode;
  readonly keySpans?: readonly (Span | undefined)[];
}

/** Sets the value at a path, making maps on the way. A `type` that changes clears the options of the old type. */
export function setAt(root: ConfigNode, segments: readonly string[], setting: Setting): ConfigNode | Blocked {
  return setFrom(root, segments, 0, setting);
}

function setFrom(node: ConfigNode, segments: readonly string[], depth: number, setting: Setting): ConfigNode | Blocked {
  const segment = segments[depth];
  if (segment === undefined) return setting.value;
  if (node.kind === "scalar" && node.value !== null) return { path: joinPath(segments.slice(0, depth)), node };
  if (node.kind === "list") {
    const index = listIndexOf(node, segment);
    const item = node.items[index];
    if (item === undefined) return { path: joinPath(segments.slice(0, depth)), node };
    const changed = setFrom(item, segments, depth + 1, setting);
    return isBlocked(changed) ? changed : { ...node, items: node.items.with(index, changed) };
  }
  const map = node.kind === "map" ? node : emptyMap;
  const old = map.entries.get(segment);
  const value = setFrom(old?.value ?? emptyMap, segments, depth + 1, setting);
  if (isBlocked(value)) return value;
  const isLast = depth === segments.length - 1;
  const keySpan = isLast ? setting.keySpans?.[depth] : (old?.keySpan ?? setting.keySpans?.[depth]);
  const replaced = isLast ? old?.value : old?.replaced;
  const entry: Entry = {
    value,
    ...(keySpan === undefined ? {} : { keySpan }),
    ...(replaced === undefined ? {} : { replaced }),
  };
  const changesType = isLast && segment === "type" && old !== undefined && typeOf(map) !== scalarText(value);
  return changesType ? { ...map, entries: new Map([["type", entry]]) } : withEntry(map, segment, entry);
}

export function isBlocked(result: ConfigNode | Blocked): result is Blocked {
  return !("kind" in result);
}

/** The tree without the value at a path, or undefined when there is nothing at it. */
export function dropAt(root: ConfigNode, segments: readonly string[]): ConfigNode | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return undefined;
  if (root.kind === "map") {
    const old = root.entries.get(segment);
    if (old === undefined) return undefined;
    if (rest.length === 0) return withoutEntry(root, segment);
    const changed = dropAt(old.value, rest);
    return changed === undefined ? undefined : withEntry(root, segment, { ...old, value: changed });
  }
  if (root.kind !== "list") return undefined;
  const index = listIndexOf(root, segment);
  const item = root.items[index];
  if (item === undefined) return undefined;
  if (rest.length === 0) return { ...root, items: root.items.filter((_, i) => i !== index) };
  const changed = dropAt(item, rest);
  return changed === undefined ? undefined : { ...root, items: root.items.with(index, changed) };
}

/** Keys (or positions) directly under a path. */
export function keysUnder(root: ConfigNode, segments: readonly string[]): readonly string[] {
  const node = nodeAt(root, segments);
  if (node?.kind === "map") return [...node.entries.keys()];
  if (node?.kind === "list") return node.items.map((item, i) => typeOf(item) ?? String(i));
  return [];
}

function scalarText(node: ConfigNode): string | undefined {
  return node.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}
