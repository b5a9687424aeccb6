/**
 * A diagnostic is one thing that is wrong (or suspicious) in a config, as data. Text for a terminal and JSON for
 * tools are both made from these fields, so they cannot tell different stories.
 */
import type { ErrorCode } from "../errors/codes.ts";
import type { Diagnostic, RelatedPlace } from "./diagnostic-fields.ts";
import { formatDiagnostics } from "./format-diagnostics.ts";
import { lineTextOf, placeOf, type Span } from "./positions.ts";

export type { Diagnostic, RelatedPlace } from "./diagnostic-fields.ts";

/** What a check knows of a problem, before it is placed. */
export interface Problem {
  readonly code: ErrorCode;
  readonly severity?: "error" | "warning";
  readonly message: string;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly suggestions?: readonly string[] | undefined;
  readonly related?: readonly RelatedPlace[] | undefined;
  readonly next?: string | undefined;
}

/** A config that cannot be used; carries everything that is wrong with it. */
export class ConfigError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  /** The code of the first error, for callers that print one code only. */
  readonly code: ErrorCode | undefined;

  constructor(diagnostics: readonly Diagnostic[]) {
    super(formatDiagnostics(diagnostics));
    this.name = "ConfigError";
    this.diagnostics = diagnostics;
    this.code = diagnostics.find((diagnostic) => diagnostic.severity === "error")?.code;
  }
}

/** Places a problem at a span of a file or a word. */
export function diagnosticAtSpan(span: Span, path: string, problem: Problem): Diagnostic {
  const { code, message, expected, received, suggestions, related, next } = problem;
  return {
    code,
    severity: problem.severity ?? "error",
    message,
    where: placeOf(span),
    sourceLine: lineTextOf(span),
    path,
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(suggestions === undefined || suggestions.length === 0 ? {} : { suggestions }),
    ...(related === undefined || related.length === 0 ? {} : { related }),
    ...(next === undefined ? {} : { next }),
  };
}

/** Anything that knows where the value at a config path was written. */
export interface Locator {
  locate(path: string): Span;
}

/** Places a problem at the value of a config path, or at the nearest written place around it. */
export function diagnosticAt(locator: Locator, path: string, problem: Problem): Diagnostic {
  return diagnosticAtSpan(locator.locate(path), path, problem);
}
