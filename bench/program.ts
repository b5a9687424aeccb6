/** What the bench programs do alike: print lines, end with a line of JSON, and exit with a code that says how it went. */
import { WordError } from "./words.ts";

/** A result that differs from its reference: nothing that was measured of it may be printed. */
export class CheckFailed extends Error {}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The last line of a program that was asked for `--json`. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/**
 * Runs a program to its end: exit code 1 for a failed check, 2 for words that it does not understand. Anything else
 * that is thrown is a fault of the program and keeps its stack.
 */
export async function runProgram(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof WordError) && !(error instanceof CheckFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof WordError ? 2 : 1;
  }
}
