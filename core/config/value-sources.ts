/** Where every value of a resolved config came from: a file and line, a command-line word, the sweep, or a default. */
import type { ValueSource } from "./config.ts";
import type { ConfigNode } from "./node.ts";
import { placeOf } from "./positions.ts";

/**
 * @param config The resolved values.
 * @param root The tree that they were written in.
 * @param assigned Paths that the sweep set.
 * @returns Path of every leaf -> its source.
 */
export function valueSources(
  config: unknown,
  root: ConfigNode,
  assigned: ReadonlySet<string>,
): ReadonlyMap<string, ValueSource> {
  const sources = new Map<string, ValueSource>();
  visit(config, root, "", undefined, undefined);
  return sources;

  function visit(
    value: unknown,
    node: ConfigNode | undefined,
    path: string,
    axis: string | undefined,
    inherited: ValueSource | undefined,
  ): void {
    const ownAxis = assigned.has(path) ? path : axis;
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      // A scalar that became a map is an interpolation: all that is in it came from there.
      const from = node?.kind === "scalar" ? sourceOf(node, ownAxis) : inherited;
      for (const [key, item] of Object.entries(value)) {
        visit(item, childOf(node, key), path === "" ? key : `${path}.${key}`, ownAxis, from);
      }
      return;
    }
    sources.set(path, node === undefined ? (inherited ?? defaultSource) : sourceOf(node, ownAxis));
  }
}

const defaultSource: ValueSource = { origin: "default" };

function childOf(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  if (node?.kind === "map") return node.entries.get(key)?.value;
  return node?.kind === "list" ? node.items[Number(key)] : undefined;
}

function sourceOf(node: ConfigNode, axis: string | undefined): ValueSource {
  const place = node.span === undefined ? undefined : placeOf(node.span);
  const isFile = place !== undefined && "file" in place;
  if (axis !== undefined) {
    return { origin: "sweep", word: axis, ...(isFile ? { line: place.line, column: place.column } : {}) };
  }
  if (place === undefined) return { origin: "program" };
  return "file" in place
    ? { origin: place.file, line: place.line, column: place.column }
    : { origin: "command line", word: place.word };
}
