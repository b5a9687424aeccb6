/**
 * How a config is laid over its base: maps are merged key by key, everything else is replaced. A map that chooses
 * another plugin (`type` differs) replaces the old map as a whole: the options of the losing plugin mean nothing to
 * the winner.
 */
import { mapNode, typeOf, type Entry, type MapNode } from "./node.ts";

/** `over` laid over `base`. Keys keep the order of the base; what was replaced is remembered. */
export function mergeMaps(base: MapNode, over: MapNode): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const old = entries.get(key);
    entries.set(key, old === undefined ? entry : mergeEntries(old, entry));
  }
  return mapNode(entries, over.span ?? base.span);
}

function mergeEntries(old: Entry, over: Entry): Entry {
  if (old.value.kind !== "map" || over.value.kind !== "map") return { ...over, replaced: old.value };
  const newType = typeOf(over.value);
  const choosesAnother = newType !== undefined && newType !== typeOf(old.value) && old.value.entries.has("type");
  if (choosesAnother) return { ...over, replaced: old.value };
  return { ...over, value: mergeMaps(old.value, over.value) };
}
