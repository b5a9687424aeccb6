/**
 * One word of the command line -> what it asks for, in Hydra's syntax, which users know:
 *
 *   a.b=1      sets           +a.b=1   adds (must be new)        ~a.b   drops
 *   a.b=1,2    sweeps         ++a.b=1  sets or adds              a.b=range(0,5)   sweeps
 *
 * The right side is YAML, so `1e-4` is a number and `{type: switch, experts: 8}` a map.
 */
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import { listNode, scalarNode, type ConfigNode } from "./node.ts";
import { parseYaml } from "./parse-yaml.ts";
import { splitPath } from "./paths.ts";
import { wordText, type SourceText, type Span } from "./positions.ts";
import { readRangeCall } from "./ranges.ts";

export interface Override {
  readonly action: "set" | "add" | "force" | "drop" | "sweep";
  readonly path: readonly string[];
  readonly keySpans: readonly Span[];
  /** What to set; for a sweep the list of values; for a drop nothing. */
  readonly value: ConfigNode;
  readonly source: SourceText;
}

/** @returns The override, or why the word is none. */
export function readOverride(word: string, index: number): Override | readonly Diagnostic[] {
  const source = wordText(word, index);
  const prefix = /^(\+\+|\+|~|)/.exec(word)?.[0] ?? "";
  const equals = word.indexOf("=");
  if (prefix === "~" && equals === -1) return makeOverride(source, "drop", 1, word.length, scalarNode(null));
  if (prefix === "~" || equals === -1) {
    return refuse(source, 0, word.length, {
      code: "OVERRIDE_SYNTAX",
      message: prefix === "~" ? "A dropped path takes no value." : "A word after the config sets a value.",
      expected: prefix === "~" ? `~${word.slice(1, equals)}` : "path=value, such as training.steps=200",
    });
  }
  const read = readValues(source, equals + 1);
  if ("problem" in read) return refuse(source, read.start, read.end, read.problem);
  if ("diagnostics" in read) return read.diagnostics;
  const { values, isAxis } = read;
  const [only] = values;
  const span = { source, start: equals + 1, end: word.length };
  if (isAxis || only === undefined) return makeOverride(source, "sweep", prefix.length, equals, listNode(values, span));
  const action = prefix === "++" ? "force" : prefix === "+" ? "add" : "set";
  return makeOverride(source, action, prefix.length, equals, only);
}

function makeOverride(
  source: SourceText,
  action: Override["action"],
  ...[start, end, value]: readonly [number, number, ConfigNode]
): Override | readonly Diagnostic[] {
  const path = splitPath(source.text.slice(start, end));
  if (path.length === 0 || path.some((segment) => segment === "" || /[\s{}[\]"']/.test(segment))) {
    const problem = {
      code: "OVERRIDE_SYNTAX",
      message: "This is no path of a config.",
      expected: "a path such as model.expert.k",
    } as const;
    return refuse(source, start, end, problem);
  }
  const keySpans: Span[] = [];
  let offset = start;
  for (const segment of path) {
    keySpans.push({ source, start: offset, end: offset + segment.length });
    offset += segment.length + 1;
  }
  return { action, path, keySpans, value, source };
}

type Read =
  | { readonly values: readonly ConfigNode[]; readonly isAxis: boolean }
  | { readonly problem: Problem; readonly start: number; readonly end: number }
  | { readonly diagnostics: readonly Diagnostic[] };

function readValues(source: SourceText, start: number): Read {
  const text = source.text.slice(start);
  const range = readRangeCall(text);
  if (typeof range === "string") {
    return { problem: { code: "OVERRIDE_SYNTAX", message: range }, start, end: source.text.length };
  }
  if (range !== undefined) {
    const span = { source, start, end: source.text.length };
    return { values: range.map((value) => scalarNode(value, span)), isAxis: true };
  }
  const values: ConfigNode[] = [];
  const pieces = splitAtCommas(text);
  for (const piece of pieces) {
    const from = start + piece.start;
    const to = start + piece.end;
    if (piece.start === piece.end) {
      const message = pieces.length > 1 ? "A value is missing between commas." : "A value is missing after the =.";
      return { problem: { code: "OVERRIDE_SYNTAX", message, next: "write null to unset" }, start: from, end: to };
    }
    const value = readValue(source, from, to);
    if ("diagnostics" in value) return value;
    values.push(value);
  }
  return { values, isAxis: values.length > 1 };
}

/** One value: YAML in brackets or quotes; anything else one scalar, so that "a: b" stays text. */
function readValue(
  source: SourceText,
  start: number,
  end: number,
): ConfigNode | { diagnostics: readonly Diagnostic[] } {
  const text = source.text.slice(start, end);
  const parsed = parseYaml(source, " ".repeat(start) + text);
  const isBracketed = /^[[{"']/.test(text);
  if (parsed.root !== undefined && parsed.diagnostics.length === 0 && (isBracketed || parsed.root.kind === "scalar")) {
    return parsed.root;
  }
  if (isBracketed && parsed.diagnostics.length > 0) return { diagnostics: parsed.diagnostics };
  return scalarNode(text, { source, start, end });
}

interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Pieces between commas that stand outside quotes and brackets, without the blanks around them. */
function splitAtCommas(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i] ?? ",";
    if (quote !== "" && i < text.length) {
      if (char === "\\" && quote === '"') i += 1;
      else if (char === quote) quote = "";
    } else if ((char === '"' || char === "'") && (depth > 0 || text.slice(start, i).trim() === "")) quote = char;
    else if ("[{(".includes(char)) depth += 1;
    else if ("]})".includes(char)) depth = Math.max(0, depth - 1);
    else if (i >= text.length || (char === "," && depth === 0)) {
      const piece = text.slice(start, i);
      const from = start + (piece.length - piece.trimStart().length);
      pieces.push({ start: from, end: from + piece.trim().length });
      start = i + 1;
    }
  }
  return pieces;
}

function refuse(source: SourceText, start: number, end: number, problem: Problem): readonly Diagnostic[] {
  return [diagnosticAtSpan({ source, start, end }, "", problem)];
}
