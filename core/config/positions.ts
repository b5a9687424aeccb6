/**
 * Where a value was written: a stretch of a config file or of a command-line word. Every node of a config keeps such
 * a span, as offsets; lines and columns are worked out only when a message needs them.
 */

/** A text that config values are read from. */
export interface SourceText {
  readonly kind: "file" | "word";
  /** The file as the user named it; for a word, the word itself. */
  readonly name: string;
  readonly text: string;
  /** For a word: its place on the command line, counted from 0. */
  readonly index: number;
  /** Offset of the first character of every line. */
  readonly lineStarts: readonly number[];
}

/** The stretch [start, end) of a text, in UTF-16 units. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** 1-based; `endColumn` is the column after the last character. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** 0-based `index` of the word; 1-based columns inside it. */
export interface WordPlace {
  readonly word: string;
  readonly index: number;
  readonly column: number;
  readonly endColumn: number;
}

export type Place = FilePlace | WordPlace;

export function fileText(name: string, text: string): SourceText {
  return { kind: "file", name, text, index: 0, lineStarts: [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)] };
}

export function wordText(word: string, index: number): SourceText {
  return { kind: "word", name: word, text: word, index, lineStarts: [0] };
}

/** The first character of a text: where problems of a whole file are reported. */
export function startOf(source: SourceText): Span {
  return { source, start: 0, end: Math.min(1, source.text.length) };
}

/** Line and column of a span. */
export function placeOf(span: Span): Place {
  const { source, start, end } = span;
  if (source.kind === "word") {
    return { word: source.name, index: source.index, column: start + 1, endColumn: Math.max(end, start + 1) + 1 };
  }
  const from = lineAndColumn(source, start);
  const to = lineAndColumn(source, Math.max(end, start + 1));
  return { file: source.name, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}

/** The text of the line on which a span starts, without its line break. */
export function lineTextOf(span: Span): string {
  const { source, start } = span;
  if (source.kind === "word") return source.text;
  const starts = source.lineStarts;
  const line = lineIndexOf(starts, start);
  return source.text.slice(starts[line], starts[line + 1] ?? source.text.length).replace(/[\r\n]+$/, "");
}

function lineAndColumn(source: SourceText, offset: number): { line: number; column: number } {
  const starts = source.lineStarts;
  const line = lineIndexOf(starts, offset);
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}

/** The last line that starts at or before `offset`. */
function lineIndexOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
