/**
 * YAML 1.2 text -> a tree of nodes that know where they were written. Aliases and merge keys are followed here, and
 * what they bring in keeps the place where it was really written: a mistake in an anchored map is reported there.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Pair } from "yaml";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { listNode, mapNode, scalarNode, type ConfigNode, type Entry, type MapNode } from "./node.ts";
import { placeOf, startOf, type SourceText, type Span } from "./positions.ts";
import { explainYamlErrors } from "./yaml-errors.ts";

export interface ParsedYaml {
  /** Absent when the text has syntax errors, or holds nothing. */
  readonly root?: ConfigNode;
  readonly diagnostics: readonly Diagnostic[];
}

const maxDepth = 100;
/** Values that a document may have once every alias is written out. */
const maxNodes = 100_000;

/**
 * Reads one YAML document. Never throws on bad text: everything wrong with it is in `diagnostics`.
 * @param text What is parsed, when it is not the whole source: same length, other parts blanked.
 */
export function parseYaml(source: SourceText, text = source.text): ParsedYaml {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  } catch {
    // The parser recurses; only a text nested thousands deep makes it throw.
    const message = "This file is nested too deeply to be read.";
    return { diagnostics: [diagnosticAtSpan(startOf(source), "", { code: "YAML_TOO_DEEP", message })] };
  }
  const syntax = explainYamlErrors(source, document.errors, document.warnings);
  if (syntax.length > 0) return { diagnostics: syntax };
  if (document.contents === null) return { diagnostics: [] };
  const reader = new TreeReader(source, document);
  const root = reader.read(document.contents, 0);
  return { root, diagnostics: reader.diagnostics };
}

/** One walk over one document; collects what is wrong on the way. */
class TreeReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: SourceText;
  readonly #anchors = new Map<string, ConfigNode | "open">();
  /** How many values a node stands for, aliases written out. */
  readonly #sizes = new WeakMap<ConfigNode, number>();
  readonly #nothing: Span;

  constructor(source: SourceText, document: Document.Parsed) {
    this.#source = source;
    this.#nothing = this.#spanOf(document.contents, startOf(source));
  }

  read(node: unknown, depth: number, fallback: Span = this.#nothing): ConfigNode {
    const span = this.#spanOf(node, fallback);
    if (depth > maxDepth) {
      this.#report(span, { code: "YAML_TOO_DEEP", message: `Values may be nested ${maxDepth} levels deep at most.` });
      return scalarNode(null, span);
    }
    if (isAlias(node)) return this.#followAlias(node.source, span);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    const read = this.#readPlain(node, span, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    return read;
  }

  #readPlain(node: unknown, span: Span, depth: number): ConfigNode {
    if (isMap(node)) return this.#readMap(node.items, span, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1, span));
      return this.#sized(listNode(items, span), items);
    }
    const value: unknown = isScalar(node) ? node.value : null;
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return this.#sized(scalarNode(value, span), []);
    }
    const message = "This kind of value has no meaning in a config.";
    this.#report(span, { code: "YAML_UNSUPPORTED", message, expected: "text, a number, true, false or null" });
    return scalarNode(null, span);
  }

  #readMap(pairs: readonly Pair[], span: Span, depth: number): MapNode {
    const entries = new Map<string, Entry>();
    const merged: ConfigNode[] = [];
    for (const pair of pairs) {
      const keySpan = this.#spanOf(pair.key, span);
      const key = this.#readKey(pair, keySpan);
      const value = this.read(pair.value, depth + 1, keySpan);
      if (key === undefined) continue;
      if (key === "<<") {
        merged.push(value);
        continue;
      }
      const first = entries.get(key);
      if (first?.keySpan !== undefined) {
        this.#report(keySpan, {
          code: "YAML_DUPLICATE_KEY",
          message: `The key "${key}" appears twice in this map.`,
          related: [{ message: "first written at", where: placeOf(first.keySpan) }],
          next: "keep one of the two",
        });
      } else {
        entries.set(key, { keySpan, value });
      }
    }
    const map = mapNode(this.#withMerged(entries, merged), span);
    return this.#sized(
      map,
      [...map.entries.values()].map(({ value }) => value),
    );
  }

  /** Keys of `<<: *base`: written ones win, then those of the earlier base. */
  #withMerged(entries: Map<string, Entry>, merged: readonly ConfigNode[]): Map<string, Entry> {
    for (const base of merged.flatMap((node) => (node.kind === "list" ? node.items : [node]))) {
      if (base.kind === "map") {
        for (const [key, entry] of base.entries) if (!entries.has(key)) entries.set(key, entry);
      } else if (base.span !== undefined) {
        const message = 'The merge key "<<" takes a map, or a list of maps.';
        this.#report(base.span, { code: "YAML_UNSUPPORTED", message, expected: "an alias of a map, such as *base" });
      }
    }
    return entries;
  }

  #readKey(pair: Pair, span: Span): string | undefined {
    const key: unknown = isScalar(pair.key) ? pair.key.value : undefined;
    if (typeof key === "symbol") return key.description;
    if (typeof key === "string" || typeof key === "number" || typeof key === "boolean") return String(key);
    const message = "A key must be a plain word.";
    this.#report(span, { code: "YAML_UNSUPPORTED", message, expected: "a name, such as steps:" });
    return undefined;
  }

  #followAlias(name: string, span: Span): ConfigNode {
    const target = this.#anchors.get(name);
    const empty = scalarNode(null, span);
    if (target === undefined || target === "open") {
      const nearest = nearestName(name, this.#anchors.keys());
      const message =
        target === "open" ? `The alias "*${name}" lies inside its own anchor.` : `There is no anchor "&${name}" above.`;
      const suggestions = target === undefined && nearest !== undefined ? [`*${nearest}`] : undefined;
      this.#report(span, { code: "YAML_UNKNOWN_ALIAS", message, suggestions });
      return empty;
    }
    return target;
  }

  /** Remembers how much a node stands for; stops documents whose aliases multiply without end. */
  #sized<N extends ConfigNode>(node: N, children: readonly ConfigNode[]): N {
    let size = 1;
    for (const child of children) size += this.#sizes.get(child) ?? 1;
    this.#sizes.set(node, size);
    if (size <= maxNodes || node.span === undefined) return node;
    const message = `The aliases in here stand for more than ${maxNodes.toLocaleString("en")} values.`;
    this.#report(node.span, { code: "YAML_ALIAS_TOO_LARGE", message, next: "write fewer aliases of aliases" });
    this.#sizes.set(node, 1);
    // Nothing may walk the multiplied values any more.
    return { ...node, ...(node.kind === "map" ? { entries: new Map() } : { items: [] }) };
  }

  #spanOf(node: unknown, fallback: Span): Span {
    const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : undefined;
    if (range === undefined || range === null) return fallback;
    return { source: this.#source, start: range[0], end: Math.max(range[1], range[0]) };
  }

  #report(span: Span, problem: Problem): void {
    this.diagnostics.push(diagnosticAtSpan(span, "", problem));
  }
}
