/**
 * Lays the command line's words over the composed files. Words that choose a plugin go first, so that
 * `model.router.experts=8 model.router=switch` means the same in either order; otherwise later words win.
 * Whether a key exists at all is not asked here: the schema knows, and says so when the run is validated.
 */
import { nearestName } from "../errors/nearest-name.ts";
import { describeValue } from "./describe-value.ts";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import { emptyMap, listNode, withEntry, type ConfigNode, type MapNode } from "./node.ts";
import { dropAt, isBlocked, joinPath, keysUnder, nodeAt, setAt } from "./paths.ts";
import { placeOf, type Span } from "./positions.ts";
import { readOverride, type Override } from "./override-words.ts";
import { expandShorthand, slotAround } from "./slots.ts";

export interface Overridden {
  readonly root: MapNode;
  readonly diagnostics: readonly Diagnostic[];
}

/** @param words Command-line words after the config, in order. */
export function applyOverrides(root: MapNode, words: readonly string[]): Overridden {
  const diagnostics: Diagnostic[] = [];
  const overrides: Override[] = [];
  for (const [index, word] of words.entries()) {
    const read = readOverride(word, index);
    if ("action" in read) overrides.push(withGridPath(read));
    else diagnostics.push(...read);
  }
  const ordered = [...overrides.filter(choosesPlugin), ...overrides.filter((override) => !choosesPlugin(override))];
  let tree = root;
  for (const override of ordered) {
    const changed = applyOne(tree, override);
    if ("kind" in changed) tree = expandShorthand(changed);
    else diagnostics.push(changed);
  }
  return { root: tree, diagnostics };
}

function applyOne(root: MapNode, override: Override): MapNode | Diagnostic {
  const { action, path, keySpans, value } = override;
  if (path[0] === "extends") {
    return refuse(override, {
      code: "OVERRIDE_PATH",
      message: "extends is read before the command line is.",
      next: "write extends in the config",
    });
  }
  if (action === "sweep") return addAxis(root, override);
  if (action === "drop")
    return dropAt(root, path) === undefined ? nothingToDrop(root, override) : asMap(dropAt(root, path), root);
  const existing = nodeAt(root, path);
  if (action === "add" && existing !== undefined) {
    return refuse(override, {
      code: "OVERRIDE_EXISTS",
      message: `"+" adds a new value, and ${joinPath(path)} is already ${describeValue(existing)}.`,
      related: existing.span === undefined ? [] : [{ message: "written at", where: placeOf(existing.span) }],
      next: `write ${override.source.text.slice(1)} to change it`,
    });
  }
  const around = slotAround(path);
  if (around?.slot.isList === true && nodeAt(root, around.slot.path) === undefined) {
    const list = joinPath(around.slot.path);
    const message = `${list} is not written in the config, so it has no item "${path[around.slot.path.length] ?? ""}" to change.`;
    return refuse(override, { code: "OVERRIDE_PATH", message, next: `set the whole list: ${list}=[...]` });
  }
  const changed = setAt(root, path, { value, keySpans });
  if (isBlocked(changed)) return blockedBy(override, changed.path, changed.node);
  return pinAxis(asMap(changed, root), override);
}

/** `a=1,2` becomes an axis of the sweep's grid; `seed=0,1` its seeds. */
function addAxis(root: MapNode, { path, keySpans, value }: Override): MapNode {
  const [keySpan] = keySpans;
  const key = joinPath(path);
  const sweep = root.entries.get("sweep")?.value;
  if (sweep !== undefined && sweep.kind !== "map") return root;
  const entry = {
    value,
    ...(keySpan === undefined ? {} : { keySpan: { ...keySpan, end: keySpans.at(-1)?.end ?? keySpan.end } }),
  };
  const block = sweep ?? { ...emptyMap, ...(keySpan === undefined ? {} : { span: keySpan }) };
  const grid = block.entries.get("grid")?.value;
  const gridMap = grid?.kind === "map" ? grid : emptyMap;
  const changed =
    key === "seed"
      ? withEntry(block, "seeds", entry)
      : withEntry(block, "grid", { ...block.entries.get("grid"), value: withEntry(gridMap, key, entry) });
  return withEntry(root, "sweep", { ...root.entries.get("sweep"), value: changed });
}

/** A plain word for a path that the sweep varies fixes it: the axis keeps this one value. */
function pinAxis(root: MapNode, override: Override): MapNode {
  const key = joinPath(override.path);
  const isSwept = key === "seed" ? nodeAt(root, ["sweep", "seeds"]) : nodeAt(root, ["sweep", "grid", key]);
  return isSwept === undefined
    ? root
    : addAxis(root, { ...override, value: listNode([override.value], override.value.span) });
}

function nothingToDrop(root: MapNode, override: Override): Diagnostic {
  const { path } = override;
  let depth = 0;
  while (depth < path.length - 1 && nodeAt(root, path.slice(0, depth + 1)) !== undefined) depth += 1;
  const known = keysUnder(root, path.slice(0, depth));
  const nearest = nearestName(path[depth] ?? "", known);
  const message = `There is no ${joinPath(path.slice(0, depth + 1))} to drop.`;
  const suggestions =
    nearest === undefined ? [] : [`~${joinPath([...path.slice(0, depth), nearest, ...path.slice(depth + 1)])}`];
  return refuse(override, { code: "OVERRIDE_NOTHING_TO_DROP", message, suggestions }, override.keySpans[depth]);
}

function blockedBy(override: Override, path: string, node: ConfigNode): Diagnostic {
  const segment = override.path[path === "" ? 0 : path.split(".").length] ?? "";
  const message =
    node.kind === "list"
      ? `${path} has no item "${segment}".`
      : `${path} is ${describeValue(node)}, so nothing can be set inside it.`;
  const expected = node.kind === "list" ? listedItems(node) : undefined;
  const related = node.span === undefined ? [] : [{ message: "written at", where: placeOf(node.span) }];
  return refuse(
    override,
    { code: "OVERRIDE_PATH", message, expected, related },
    override.keySpans[path.split(".").length],
  );
}

function listedItems(list: ConfigNode): string {
  const names = keysUnder(list, []);
  return names.length === 0
    ? "the list is empty"
    : `one of: ${names.map((name, i) => (name === String(i) ? name : `${i} (${name})`)).join(", ")}`;
}

function refuse(override: Override, problem: Problem, span?: Span): Diagnostic {
  const { source } = override;
  return diagnosticAtSpan(span ?? { source, start: 0, end: source.text.length }, joinPath(override.path), problem);
}

function choosesPlugin({ path }: Override): boolean {
  const around = slotAround(path);
  return (
    around !== undefined &&
    (path.length === around.depth || (path.length === around.depth + 1 && path.at(-1) === "type"))
  );
}

/** Keys of the grid are whole paths: `sweep.grid.model.expert.k=[8,16]` names the axis "model.expert.k". */
function withGridPath(override: Override): Override {
  const [first, second, ...rest] = override.path;
  if (first !== "sweep" || second !== "grid" || rest.length === 0) return override;
  return { ...override, path: ["sweep", "grid", joinPath(rest)], keySpans: override.keySpans.slice(0, 3) };
}

function asMap(node: ConfigNode | undefined, otherwise: MapNode): MapNode {
  return node?.kind === "map" ? node : otherwise;
}
