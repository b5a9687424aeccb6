/**
 * The error that Switchyard throws. Its text is derived from its fields, so that a terminal, `--json` and a test
 * read the same facts: where it happened, what was expected, what arrived, and what to do next.
 */
import type { ErrorCode } from "./codes.ts";

export interface ErrorFields {
  /** File, config path, run, plugin or operation: wherever the reader should look. */
  readonly where?: string;
  readonly expected?: string;
  readonly received?: string;
  /** What to do next, as an instruction. */
  readonly next?: string;
  readonly cause?: unknown;
}

export class SwitchyardError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly next: string | undefined;
  /** The sentence without the fields, for callers that lay them out themselves. */
  readonly summary: string;

  constructor(code: ErrorCode, summary: string, fields: ErrorFields = {}) {
    super(formatMessage(code, summary, fields), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "SwitchyardError";
    this.code = code;
    this.summary = summary;
    this.where = fields.where;
    this.expected = fields.expected;
    this.received = fields.received;
    this.next = fields.next;
  }
}

function formatMessage(code: ErrorCode, summary: string, fields: ErrorFields): string {
  const lines = [`${summary} [${code}]`];
  if (fields.where !== undefined) lines.push(`  where     ${fields.where}`);
  if (fields.expected !== undefined) lines.push(`  expected  ${fields.expected}`);
  if (fields.received !== undefined) lines.push(`  received  ${fields.received}`);
  if (fields.next !== undefined) lines.push(`  next      ${fields.next}`);
  return lines.join("\n");
}

/** Text of any thrown value, without its stack. Never throws itself. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "a thrown value that has no text";
  }
}
