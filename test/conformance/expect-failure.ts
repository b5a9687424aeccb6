/** Shows that a suite's cases can fail: each fault must fail the case that is meant for it. */
import * as assert from "uvu/assert";
import type { ConformanceCase } from "./conformance-case.ts";

/** Runs the case of that name alone. @returns The message that it failed with, or undefined when it passed. */
export async function failureOf(cases: readonly ConformanceCase[], name: string): Promise<string | undefined> {
  const found = cases.find((known) => known.name === name);
  assert.ok(found, `the suite has a case "${name}"`);
  try {
    await found.run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The named case passes for the right plugin, and fails for the faulty one with a message that matches. */
export async function expectFailure(
  name: string,
  suites: { readonly right: readonly ConformanceCase[]; readonly faulty: readonly ConformanceCase[] },
  message: RegExp,
): Promise<void> {
  assert.is(await failureOf(suites.right, name), undefined, `the right plugin passes "${name}"`);
  const failure = await failureOf(suites.faulty, name);
  assert.ok(failure !== undefined, `the faulty plugin fails "${name}"`);
  assert.match(failure, message);
}
