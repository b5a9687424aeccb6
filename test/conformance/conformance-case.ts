/** One check of a conformance suite, for any test runner: `test(name, run)`. */
export interface ConformanceCase {
  /** A sentence of behaviour. */
  readonly name: string;
  /** Resolves when the plugin behaves so; rejects with an Error that says what was expected and received. */
  readonly run: () => Promise<void>;
}

/** Case name -> why it does not apply to the plugin. A name that no case has is an error, so that skips expire. */
export type Skips = Readonly<Record<string, string>>;

/** @throws Error when a skip names no case, or gives no reason. */
export function withoutSkipped(cases: readonly ConformanceCase[], skip: Skips = {}): readonly ConformanceCase[] {
  for (const [name, reason] of Object.entries(skip)) {
    if (!cases.some((known) => known.name === name)) {
      throw new Error(`skip names no case: "${name}". Cases: ${cases.map((known) => `"${known.name}"`).join(", ")}`);
    }
    if (reason.trim() === "") throw new Error(`skip gives no reason: "${name}"`);
  }
  return cases.filter(({ name }) => !(name in skip));
}

/** Fails a case. */
export function fail(what: string, expected: string, received: string): never {
  throw new Error(`${what}: expected ${expected}, received ${received}`);
}

/** Fails unless the condition holds. */
export function expect(condition: boolean, what: string, expected: string, received: unknown): asserts condition {
  if (!condition)
    fail(
      what,
      expected,
      typeof received === "string" ? received : received === undefined ? "nothing" : JSON.stringify(received),
    );
}

/** Fails at the entry that is furthest beyond atol + rtol * |expected|. */
export function expectClose(
  what: string,
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  { atol = 1e-6, rtol = 1e-5 }: { readonly atol?: number; readonly rtol?: number } = {},
): void {
  expect(received.length === expected.length, `${what}, number of entries`, `${expected.length}`, received.length);
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const excess = Math.abs(received[i]! - expected[i]!) - (atol + rtol * Math.abs(expected[i]!));
    // Written so that a NaN counts as worst.
    if (!(excess <= worstExcess)) {
      worst = i;
      worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
    }
  }
  if (worst !== -1)
    fail(`${what}, entry ${worst}`, `${expected[worst]!} within ${atol} + ${rtol} relative`, `${received[worst]!}`);
}

export function expectFinite(what: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) fail(`${what}, entry ${i}`, "a finite number", `${values[i]!}`);
  }
}

export function expectShape(what: string, received: readonly number[], expected: readonly number[]): void {
  const [left, right] = [`[${received.join(", ")}]`, `[${expected.join(", ")}]`];
  if (left !== right) fail(`shape of ${what}`, right, left);
}
