/** What the bench programs do alike: print lines, end with a line of JSON, and exit with a code that says how it went. */
import { KernelError } from "../kernels/kernel-error.ts";
import { WordError } from "./words.ts";

/** A result that differs from its reference: nothing that was measured of it may be printed. */
export class CheckFailed extends Error {}

/** Something that the machine lacks. The message says what, and what to do. */
export class Unavailable extends Error {}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The last line of a program that was asked for `--json`. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/**
 * Runs a program to its end: exit code 1 for a failed check, 2 for words that it does not understand, 3 for what the
 * machine lacks. Anything else that is thrown is a fault of the program and keeps its stack.
 */
export async function runProgram(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = exitCode;
  }
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CheckFailed) return 1;
  if (error instanceof WordError) return 2;
  if (error instanceof Unavailable) return 3;
  return error instanceof KernelError && error.code === "DEVICE_UNAVAILABLE" ? 3 : undefined;
}
