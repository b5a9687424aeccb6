/** Turns whatever was thrown into the failure that exit records, tables and messages show. */
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { Failure } from "./attempts.ts";

/** A code that looks like ours, on errors of rooms that cannot import our error class (kernels). */
const codePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;

export function failureOf(error: unknown): Failure {
  if (error instanceof SwitchyardError) return { code: error.code, message: error.message };
  if (error instanceof Error && "code" in error && typeof error.code === "string" && codePattern.test(error.code)) {
    const shown = error.message.includes(`[${error.code}]`) ? error.message : `${error.message} [${error.code}]`;
    return { code: error.code, message: shown };
  }
  return { code: "INTERNAL", message: `${messageOf(error)} [INTERNAL]` };
}

/** The error with its stack and the stacks of its causes, for a log. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}
