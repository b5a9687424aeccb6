/** A value that waits for its interpolation; it stands in the tree of a run's values until it is resolved. */
import type { Expression } from "./expression.ts";
import type { Span } from "./positions.ts";

/** A value that is not known yet. */
export class Pending {
  readonly text: string;
  readonly path: string;
  /** Where the text was written; for a default, the nearest written place. */
  readonly span: Span;
  state: "new" | "busy" | "done" | "failed" = "new";
  value: unknown = undefined;

  constructor(text: string, path: string, span: Span) {
    this.text = text;
    this.path = path;
    this.span = span;
  }
}

/** The text of a part of the interpolation. */
export function textIn(pending: Pending, { start, end }: Expression): string {
  return pending.text.slice(start, end);
}

/** The stretch of the file, when the text stands there letter for letter (no escapes, one line); else all of it. */
export function spanInside(
  { span, text }: Pending,
  { start, end }: { readonly start: number; readonly end: number },
): Span {
  const quote = /^["']/.test(span.source.text.slice(span.start, span.start + 1)) ? 1 : 0;
  const from = span.start + quote;
  const isLiteral = span.source.text.slice(from, from + text.length) === text && !text.includes("\n");
  return isLiteral ? { source: span.source, start: from + start, end: from + Math.max(end, start + 1) } : span;
}
