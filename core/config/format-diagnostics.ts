/**
 * Lays diagnostics out for a terminal: place, sentence, the line with the spot underlined, and what would be right.
 * All of them at once, in reading order, because fixing a config one error a start is what users hate most.
 */
import { listNames } from "./describe-value.ts";
import type { Diagnostic } from "./diagnostic-fields.ts";
import type { FilePlace, Place } from "./positions.ts";

export interface FormatOptions {
  /** ANSI colours. */
  readonly color?: boolean;
}

/** The text of all diagnostics, in reading order, with a count at the end. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatOptions = {}): string {
  const paint = options.color === true ? ansi : plain;
  const sorted = sortDiagnostics(diagnostics);
  return [...sorted.map((diagnostic) => formatOne(diagnostic, paint)), countLine(sorted)].join("\n\n");
}

/** Diagnostics for tools: plain data, in reading order. */
export function diagnosticsToJson(diagnostics: readonly Diagnostic[]): readonly Record<string, unknown>[] {
  return sortDiagnostics(diagnostics).map((diagnostic) => {
    const fields = Object.entries(diagnostic).filter(([name]) => name !== "sourceLine");
    return Object.fromEntries(fields);
  });
}

/** Files in order of appearance, then lines; command-line words after files; twins removed. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map(diagnostics.map((diagnostic) => [identityOf(diagnostic), diagnostic]));
  const files = [...new Set(diagnostics.map(({ where }) => ("file" in where ? where.file : "")))];
  const rank = ({ where }: Diagnostic): readonly number[] =>
    "file" in where ? [files.indexOf(where.file), where.line, where.column] : [files.length, where.index, where.column];
  return [...unique.values()].sort((a, b) => compareRanks(rank(a), rank(b)));
}

/** "exp.yaml:3:7", or "command line, word 2". */
export function placeText(where: Place): string {
  return "file" in where ? `${where.file}:${where.line}:${where.column}` : `command line, word ${where.index + 1}`;
}

function formatOne(diagnostic: Diagnostic, paint: Paint): string {
  const { where, path, message, severity, expected, received, suggestions, related, next, code } = diagnostic;
  const lines = [paint.bold(path === "" ? placeText(where) : `${placeText(where)}  ${path}`)];
  lines.push(severity === "warning" ? `  ${paint.yellow("warning:")} ${message}` : `  ${message}`);
  lines.push(...frameOf(diagnostic, paint));
  if (expected !== undefined) lines.push(`  expected  ${expected}`);
  if (received !== undefined) lines.push(`  received  ${received}`);
  if (suggestions !== undefined) lines.push(`  did you mean ${paint.green(suggestions.map(quoted).join(" or "))}?`);
  for (const note of related ?? []) lines.push(`  note      ${note.message} ${placeText(note.where)}`);
  if (next !== undefined) lines.push(`  next      ${next}`);
  if (diagnostic.runs !== undefined) lines.push(`  in runs   ${listNames(diagnostic.runs, 3)}`);
  lines.push(`  ${paint.dim(`[${code}]`)}`);
  return lines.join("\n");
}

/** The source line and a line of carets under the spot; long lines are cut around it. Nothing to show, no frame. */
function frameOf({ where, sourceLine }: Diagnostic, paint: Paint): readonly string[] {
  if (sourceLine.trim() === "") return [];
  const gutter = "file" in where ? `${where.line} | ` : "";
  const start = where.column - 1;
  const end = endOnLine(where, sourceLine);
  const from = start > 90 ? start - 60 : 0;
  const shown = sourceLine.slice(from, Math.max(from + 110, Math.min(end, from + 140)));
  const cutLeft = from > 0 ? "..." : "";
  const cutRight = from + shown.length < sourceLine.length ? "..." : "";
  const numCarets = Math.max(1, Math.min(end, from + shown.length) - start);
  const indent = " ".repeat(gutter.length + cutLeft.length) + blank(shown.slice(0, start - from));
  return [`    ${gutter}${cutLeft}${printable(shown)}${cutRight}`, `    ${indent}${paint.red("^".repeat(numCarets))}`];
}

function endOnLine(where: Place, sourceLine: string): number {
  const isOneLine = !("file" in where) || (where satisfies FilePlace).endLine === where.line;
  return isOneLine ? where.endColumn - 1 : sourceLine.trimEnd().length;
}

/** Spaces as wide as the text; tabs stay tabs, so that the caret lands under its character. */
function blank(text: string): string {
  return printable(text).replaceAll(/[^\t]/g, " ");
}

/** Control characters would garble the terminal: each becomes one visible stand-in. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}

function countLine(diagnostics: readonly Diagnostic[]): string {
  const numErrors = diagnostics.filter(({ severity }) => severity === "error").length;
  const numWarnings = diagnostics.length - numErrors;
  const parts = [];
  if (numErrors > 0 || numWarnings === 0) parts.push(`${numErrors} ${numErrors === 1 ? "error" : "errors"}`);
  if (numWarnings > 0) parts.push(`${numWarnings} ${numWarnings === 1 ? "warning" : "warnings"}`);
  return `${parts.join(", ")}. "switchyard explain CODE" says more about a code.`;
}

function identityOf({ code, where, path, message }: Diagnostic): string {
  return JSON.stringify([code, where, path, message]);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

type Paint = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow", (text: string) => string>>;
const same = (text: string): string => text;
const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same };
const wrap =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`;
const ansi: Paint = { bold: wrap(1), dim: wrap(2), red: wrap(31), green: wrap(32), yellow: wrap(33) };
