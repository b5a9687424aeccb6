/**
 * The `sweep:` block as written -> axes, patterns and options, with the place of each. Everything wrong with its form
 * is found here; what the values do to a run is found when the run is resolved.
 */
import type { Composition } from "../config/compose.ts";
import { describeValue, listNames } from "../config/describe-value.ts";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "../config/diagnostic.ts";
import { scalarNode, toPlain, type ConfigNode, type Entry } from "../config/node.ts";
import type { Span } from "../config/positions.ts";
import { maxAxisValues } from "../config/ranges.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { readAxis, type Axis } from "./axis.ts";

/** Paths with values, as `exclude` and `include` write them. */
export interface Pattern {
  readonly values: readonly PatternValue[];
  readonly span: Span;
}

export interface PatternValue {
  readonly path: string;
  readonly node: ConfigNode;
  readonly keySpan: Span;
}

export interface SweepBlock {
  readonly grid: readonly Axis[];
  /** Groups of axes of equal length that move together. */
  readonly zip: readonly (readonly Axis[])[];
  readonly exclude: readonly Pattern[];
  readonly include: readonly Pattern[];
  readonly seeds: Axis | undefined;
  readonly match: "width" | "flops";
  /** Where the block, and its `match`, were written. */
  readonly span: Span;
  readonly matchSpan: Span;
  readonly diagnostics: readonly Diagnostic[];
}

const keys = ["grid", "zip", "exclude", "include", "seeds", "match"] as const;

/** Reads the block. Nothing is thrown: all problems are in `diagnostics`. */
export function readSweepBlock(composition: Composition): SweepBlock {
  const { sweep } = composition;
  const span = sweep?.value.span ?? sweep?.keySpan ?? composition.locate("");
  return new BlockReader(span).read(sweep?.value);
}

class BlockReader {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  read(node: ConfigNode | undefined): SweepBlock {
    const entries = node?.kind === "map" ? withoutUnset(node.entries) : new Map<string, Entry>();
    if (node !== undefined && node.kind !== "map")
      this.#refuse(node, "sweep", "sweep is a map.", `keys: ${keys.join(", ")}`);
    for (const [key, { keySpan }] of entries) this.#checkKey(key, keySpan ?? this.#span);
    const grid = this.#axes(withoutUnsetAxes(entries.get("grid")?.value), "sweep.grid");
    const zip = this.#zip(entries.get("zip")?.value);
    const seeds = this.#seeds(entries.get("seeds"));
    this.#checkTwice([...grid, ...zip.flat(), ...(seeds === undefined ? [] : [seeds])]);
    return {
      grid,
      zip,
      seeds,
      exclude: this.#patterns(entries.get("exclude")?.value, "exclude"),
      include: this.#patterns(entries.get("include")?.value, "include"),
      match: this.#match(entries.get("match")?.value),
      matchSpan: entries.get("match")?.value.span ?? this.#span,
      span: this.#span,
      diagnostics: this.#diagnostics,
    };
  }

  #checkKey(key: string, span: Span): void {
    if (keys.some((known) => known === key)) return;
    const nearest = nearestName(key, keys);
    this.#report(span, `sweep.${key}`, {
      code: "UNKNOWN_KEY",
      message: `There is no key "${key}" in sweep.`,
      expected: `one of: ${listNames(keys)}`,
      suggestions: nearest === undefined ? undefined : [nearest],
      next: key.includes(".") ? `axes stand in grid: sweep: { grid: { ${key}: [...] } }` : undefined,
    });
  }

  #axes(node: ConfigNode | undefined, path: string): readonly Axis[] {
    if (isUnset(node)) return [];
    if (node.kind !== "map") {
      this.#refuse(node, path, `${path} maps paths to values.`, "{ model.expert.k: [16, 32] }");
      return [];
    }
    return [...node.entries].flatMap(([key, entry]) => {
      // The rest of an unquoted range(0,3) in { }: its first half is refused already.
      if (key.endsWith(")") && isUnset(entry.value)) return [];
      const keySpan = entry.keySpan ?? entry.value.span ?? this.#span;
      const read = readAxis(key, entry.value, keySpan);
      if ("values" in read) return [read];
      this.#report(read.span, `${path}.${key}`, read.problem);
      return [];
    });
  }

  #zip(node: ConfigNode | undefined): readonly (readonly Axis[])[] {
    if (isUnset(node)) return [];
    // One group may stand without its list.
    const groups = node.kind === "list" ? node.items : [node];
    return groups.map((group, index) => {
      const axes = this.#axes(group, `sweep.zip.${index}`);
      const [first, ...others] = axes;
      const odd = others.find((axis) => axis.values.length !== first?.values.length);
      if (first === undefined || odd === undefined) return axes;
      this.#report(odd.keySpan, `sweep.zip.${index}.${odd.path}`, {
        code: "SWEEP_UNEQUAL_ZIP",
        message: "Axes that move together need equally many values.",
        expected: `${first.values.length} values, as ${first.path} has`,
        received: `${odd.values.length} values`,
        next: "make the lists equally long, or move one axis to grid",
      });
      return [];
    });
  }

  #seeds(entry: Entry | undefined): Axis | undefined {
    const node = entry?.value;
    if (isUnset(node)) return undefined;
    const keySpan = entry?.keySpan ?? node.span ?? this.#span;
    const count = node.kind === "scalar" && typeof node.value === "number" ? node.value : undefined;
    if (count !== undefined && Number.isInteger(count) && count >= 1 && count <= maxAxisValues) {
      const values = Array.from({ length: count }, (_, seed) => scalarNode(seed, node.span));
      return { path: "seed", values, keySpan };
    }
    const read = count === undefined ? readAxis("seed", node, keySpan) : undefined;
    if (read !== undefined && "values" in read) return read;
    if (read?.problem.code === "SWEEP_EMPTY_AXIS") this.#report(read.span, "sweep.seeds", read.problem);
    else this.#refuse(node, "sweep.seeds", "seeds is a number of replicates, or a list of seeds.", "3 or [0, 1, 2]");
    return undefined;
  }

  #patterns(node: ConfigNode | undefined, key: "exclude" | "include"): readonly Pattern[] {
    if (isUnset(node)) return [];
    const items = node.kind === "list" ? node.items : [node];
    return items.flatMap((item) => {
      if (item.kind !== "map" || item.entries.size === 0) {
        this.#refuse(item, `sweep.${key}`, `Each item of ${key} maps paths to values.`, "{ model.expert.k: 32 }");
        return [];
      }
      const values = [...item.entries].map(([path, entry]) => ({
        path,
        node: entry.value,
        keySpan: entry.keySpan ?? this.#span,
      }));
      return [{ values, span: item.span ?? this.#span }];
    });
  }

  #match(node: ConfigNode | undefined): "width" | "flops" {
    if (isUnset(node)) return "width";
    const value = toPlain(node);
    if (value === "width" || value === "flops") return value;
    const nearest = typeof value === "string" ? nearestName(value, ["width", "flops"]) : undefined;
    this.#refuse(node, "sweep.match", "match says what the runs have in common.", "width or flops", nearest);
    return "width";
  }

  #checkTwice(axes: readonly Axis[]): void {
    const seen = new Set<string>();
    for (const { path, keySpan } of axes) {
      if (seen.has(path)) {
        const message = `${path} is an axis already.`;
        this.#report(keySpan, path, { code: "SWEEP_DUPLICATE_AXIS", message, next: "remove one of the two axes" });
      }
      seen.add(path);
    }
  }

  #refuse(node: ConfigNode, path: string, message: string, expected: string, nearest?: string): void {
    const suggestions = nearest === undefined ? undefined : [nearest];
    this.#report(node.span ?? this.#span, path, {
      code: "SWEEP_SYNTAX",
      message,
      expected,
      received: describeValue(node),
      suggestions,
    });
  }

  #report(span: Span, path: string, problem: Problem): void {
    this.#diagnostics.push(diagnosticAtSpan(span, path, problem));
  }
}

function isUnset(node: ConfigNode | undefined): node is undefined {
  return node === undefined || (node.kind === "scalar" && node.value === null);
}

/** `null` unsets here as everywhere: a part of the block, or an axis, that a base brought in. */
function withoutUnset(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  return new Map([...entries].filter(([, { value }]) => value.kind !== "scalar" || value.value !== null));
}

function withoutUnsetAxes(node: ConfigNode | undefined): ConfigNode | undefined {
  return node?.kind === "map" ? { ...node, entries: withoutUnset(node.entries) } : node;
}
