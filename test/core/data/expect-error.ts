/** Asserts that something fails with a Switchyard error of a code, and returns the error for closer looks. */
import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";

export async function rejectsWith(code: string, promise: Promise<unknown>): Promise<SwitchyardError> {
  return promise.then(
    () => {
      throw new Error(`expected ${code}, but nothing was thrown`);
    },
    (error: unknown) => checked(code, error),
  );
}

export function throwsWith(code: string, body: () => unknown): SwitchyardError {
  let thrown: unknown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  return checked(code, thrown ?? new Error(`expected ${code}, but nothing was thrown`));
}

function checked(code: string, error: unknown): SwitchyardError {
  if (!(error instanceof SwitchyardError)) throw error;
  assert.is(error.code, code, error.message);
  return error;
}
