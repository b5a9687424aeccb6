/**
 * The error of this room. It has the shape of core's error (a stable code; where, expected, received, next), but
 * kernels import nothing from core, so the class is its own; core explains the codes.
 */

/** Every code that this room raises. Explained in core/errors/codes/kernels.ts. */
export const kernelErrorCodes = [
  "KERNEL_SHAPE",
  "KERNEL_DTYPE",
  "KERNEL_INDEX_RANGE",
  "KERNEL_VALUE_RANGE",
  "KERNEL_K_RANGE",
  "DEVICE_UNAVAILABLE",
  "DEVICE_LOST",
  "DEVICE_OUT_OF_MEMORY",
  "DEVICE_REFUSED",
] as const;

export type KernelErrorCode = (typeof kernelErrorCodes)[number];

export interface KernelErrorFields {
  /** Operation and argument: "encodeTopK: gates_BR". */
  readonly where?: string;
  readonly expected?: string;
  readonly received?: string;
  /** What to do next, as an instruction. */
  readonly next?: string;
  readonly cause?: unknown;
}

export class KernelError extends Error {
  readonly code: KernelErrorCode;
  /** The sentence without the fields. */
  readonly summary: string;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly next: string | undefined;

  constructor(code: KernelErrorCode, summary: string, fields: KernelErrorFields = {}) {
    super(formatMessage(code, summary, fields), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "KernelError";
    this.code = code;
    this.summary = summary;
    this.where = fields.where;
    this.expected = fields.expected;
    this.received = fields.received;
    this.next = fields.next;
  }
}

function formatMessage(code: KernelErrorCode, summary: string, fields: KernelErrorFields): string {
  const lines = [`${summary} [${code}]`];
  if (fields.where !== undefined) lines.push(`  where     ${fields.where}`);
  if (fields.expected !== undefined) lines.push(`  expected  ${fields.expected}`);
  if (fields.received !== undefined) lines.push(`  received  ${fields.received}`);
  if (fields.next !== undefined) lines.push(`  next      ${fields.next}`);
  return lines.join("\n");
}
