/**
 * Whether a point of a sweep matches a pattern of `exclude`. A pattern names paths and values; a path may go into a
 * plugin that an axis sets as a whole (`model.router.type`), a list means any of its values, and a plugin's name
 * matches the plugin with whatever options.
 */
import type { Composition } from "../config/compose.ts";
import type { Assignment } from "../config/resolve-run.ts";
import { nodeAt, splitPath } from "../config/paths.ts";
import { toPlain } from "../config/node.ts";
import type { Pattern } from "./sweep-block.ts";

export function matches(pattern: Pattern, axes: readonly Assignment[], composition: Composition): boolean {
  return pattern.values.every(({ path, node }) => {
    const wanted = toPlain(node);
    const value = valueAt(path, axes, composition);
    return Array.isArray(wanted) ? wanted.some((one) => fits(one, value)) || fits(wanted, value) : fits(wanted, value);
  });
}

/** The value of a point at a path, as written; later axes win, and the config's own value stands behind them. */
function valueAt(path: string, axes: readonly Assignment[], composition: Composition): unknown {
  const nearest = axes
    .filter((axis) => path === axis.path || path.startsWith(`${axis.path}.`))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (nearest === undefined) {
    const node = nodeAt(composition.root, splitPath(path));
    return node === undefined ? undefined : toPlain(node);
  }
  const rest = splitPath(path.slice(nearest.path.length + 1));
  return rest.reduce<unknown>((value, key) => {
    if (typeof value === "string" && key === "type") return value;
    return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, nearest.value);
}

/** Equality, where a map needs only the keys that are asked for. */
function fits(wanted: unknown, value: unknown): boolean {
  if (isRecord(value) && typeof wanted === "string") return value["type"] === wanted;
  if (isRecord(wanted) && typeof value === "string") return fits(wanted, { type: value });
  if (isRecord(wanted) && isRecord(value)) {
    return Object.entries(wanted).every(([key, item]) => Object.hasOwn(value, key) && fits(item, value[key]));
  }
  if (Array.isArray(wanted) && Array.isArray(value)) {
    return wanted.length === value.length && wanted.every((item, index) => fits(item, value[index]));
  }
  return wanted === value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
