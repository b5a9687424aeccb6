/**
 * The places of a config where plugins are chosen. `router: switch` is short for `router: { type: switch }`; it is
 * written out here, first thing, so that everything later sees one form.
 */
import type { PluginKind } from "../plugin/kinds.ts";
import { mapNode, type ConfigNode, type MapNode } from "./node.ts";
import { nodeAt } from "./paths.ts";

export interface Slot {
  readonly path: readonly string[];
  readonly kind: PluginKind;
  /** A list of plugins rather than one. */
  readonly isList: boolean;
}

export const slots: readonly Slot[] = [
  { path: ["source"], kind: "source", isList: false },
  { path: ["model", "router"], kind: "router", isList: false },
  { path: ["model", "expert"], kind: "expert", isList: false },
  { path: ["losses"], kind: "loss", isList: true },
  { path: ["training", "optimizer"], kind: "optimizer", isList: false },
  { path: ["training", "schedule"], kind: "schedule", isList: false },
  { path: ["evaluation", "evaluators"], kind: "evaluator", isList: true },
  { path: ["device"], kind: "device", isList: false },
  { path: ["executor"], kind: "executor", isList: false },
  { path: ["trackers"], kind: "tracker", isList: true },
  { path: ["report", "plots"], kind: "plot", isList: true },
];

/** The slot that holds a path, and how many of the path's segments lead to the plugin itself. */
export function slotAround(segments: readonly string[]): { readonly slot: Slot; readonly depth: number } | undefined {
  const slot = slots.find(({ path }) => path.every((segment, i) => segments[i] === segment));
  if (slot === undefined) return undefined;
  const depth = slot.path.length + (slot.isList ? 1 : 0);
  return segments.length >= depth ? { slot, depth } : undefined;
}

/** The tree with every shorthand written out as a map with `type`. */
export function expandShorthand(root: MapNode): MapNode {
  let tree: ConfigNode = root;
  for (const { path, isList } of slots) {
    const found = nodeAt(tree, path);
    if (found === undefined) continue;
    const expanded = isList ? expandItems(found) : expandItem(found);
    if (expanded !== found) tree = replaceAt(tree, path, expanded);
  }
  return tree.kind === "map" ? tree : root;
}

function expandItems(list: ConfigNode): ConfigNode {
  if (list.kind !== "list") return list;
  const items = list.items.map(expandItem);
  return items.every((item, i) => item === list.items[i]) ? list : { ...list, items };
}

/** `switch` -> `{ type: switch }`; anything else as it is. */
export function expandItem(node: ConfigNode): ConfigNode {
  if (node.kind !== "scalar" || typeof node.value !== "string" || node.value.includes("${")) return node;
  const keySpan = node.span === undefined ? {} : { keySpan: node.span };
  return mapNode(new Map([["type", { value: node, ...keySpan }]]), node.span);
}

/** Replaces a value that exists, keeping its key and what it had replaced. */
function replaceAt(node: ConfigNode, path: readonly string[], value: ConfigNode): ConfigNode {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  const old = node.kind === "map" ? node.entries.get(segment) : undefined;
  if (node.kind !== "map" || old === undefined) return node;
  return { ...node, entries: new Map(node.entries).set(segment, { ...old, value: replaceAt(old.value, rest, value) }) };
}
