/**
 * Tests run on uvu through this wrapper, because uvu by itself has no timeouts (a promise that never settles hangs
 * the run) and skips, silently and with exit code 0, a suite whose `run()` was forgotten or whose `before` hook threw.
 * Here a suite is registered and run by one call, every test has a deadline, and what was declared and what ran is
 * reported to the runner, which compares both with each other and with the files that it started.
 */
import { suite as uvuSuite } from "uvu";

export interface TestOptions {
  readonly timeoutMs?: number;
  /** Skips the test; the reason is printed. */
  readonly skip?: string | undefined;
}

export type Test = (name: string, body: () => void | Promise<void>, options?: TestOptions) => void;

export interface Hooks {
  before(body: () => void | Promise<void>): void;
  after(body: () => void | Promise<void>): void;
}

const defaultTimeoutMs = 20_000;
const totals = { declared: 0, passed: 0, failed: 0, skipped: 0 };

/** Declares and runs a suite. @param declare Receives `test`, to be called once a test, and `before`/`after` hooks. */
export function suite(name: string, declare: (test: Test, hooks: Hooks) => void): void {
  const tests = uvuSuite(name);
  const test: Test = (testName, body, options = {}) => {
    if (options.skip !== undefined) {
      totals.skipped += 1;
      process.stdout.write(`  skipped: ${name}: ${testName} (${options.skip})\n`);
      return;
    }
    totals.declared += 1;
    tests(testName, async () => {
      try {
        await withDeadline(body, options.timeoutMs ?? defaultTimeoutMs);
        totals.passed += 1;
      } catch (error) {
        totals.failed += 1;
        throw error;
      }
    });
  };
  declare(test, {
    before: (body) => {
      tests.before(async () => {
        try {
          await body();
        } catch (error) {
          // uvu would skip the suite's tests without a word.
          totals.failed += 1;
          process.stdout.write(`\n${name}: a before hook threw\n${String(error)}\n`);
          throw error;
        }
      });
    },
    after: (body) => {
      tests.after(async () => body());
    },
  });
  tests.run();
}

async function withDeadline(body: () => void | Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the test did not end within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    await Promise.race([Promise.resolve().then(body), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

process.on("exit", () => {
  process.stdout.write(`\nsuite-totals ${JSON.stringify(totals)}\n`);
});
