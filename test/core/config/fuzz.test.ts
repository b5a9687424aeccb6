/**
 * Thousands of broken configs: whatever a text does, it either works or ends in a ConfigError whose every diagnostic
 * says where. Nothing else may be thrown, as a stack trace is no answer to a typing slip.
 */
import fc from "fast-check";
import * as assert from "uvu/assert";
import { explanations } from "../../../core/errors/codes.ts";
import { ConfigError, type Diagnostic } from "../../../core/config/diagnostic.ts";
import { formatDiagnostics } from "../../../core/config/format-diagnostics.ts";
import { resolveRun } from "../../../core/config/resolve-run.ts";
import { expandSweep } from "../../../core/sweep/expand-sweep.ts";
import { suite } from "../../suite.ts";
import { compose, schema } from "./fixtures.ts";
import { baseConfig, realConfigs } from "./real-configs.ts";

type Mutation = (text: string) => string;

const at = fc.nat({ max: 10_000 });
const fragments = fc.constantFrom(
  "${",
  "}",
  "${model",
  "${model.features}",
  "${1/0}",
  "${env:HOME}",
  "${a.b.c}",
  "$${",
  ": ",
  "- ",
  "\t",
  "&a ",
  "*a",
  "<<: *a",
  "{",
  "[",
  "]",
  "'",
  '"',
  "#",
  "!tag ",
  "|",
  ">",
  "---\n",
  "%YAML 1.1\n",
  "? ",
  "null",
  "~",
  ".nan",
  "1e999",
  "0x1f",
  "-0",
  "__proto__: 1\n",
  "constructor: {}\n",
  "toString: x\n",
  "\u00e9\u4e2d\u{1f600}",
  "\u2028",
  "\ufeff",
  "\u0000",
  "\u202e",
  "extends: base.yaml\n",
  "sweep: { grid: { a.b: [1, 2] } }\n",
  "type: relu",
  "type: nothing",
  "seeds: range(0,3)",
  "..",
  "a: &b [*b]\n",
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  at.map((n) => onLines(n, (lines, i) => lines.toSpliced(i, 1))),
  at.map((n) => onLines(n, (lines, i) => lines.toSpliced(i, 0, lines[i] ?? ""))),
  fc.tuple(at, at).map(([n, m]) => onLines(n, (lines, i) => swap(lines, i, m % lines.length))),
  fc.tuple(at, fc.integer({ min: -3, max: 5 })).map(([n, shift]) => onLines(n, (lines, i) => indent(lines, i, shift))),
  fc.tuple(at, fragments).map(
    ([n, fragment]) =>
      (text: string) =>
        insert(text, n, fragment),
  ),
  fc.tuple(at, fc.string({ unit: "binary", maxLength: 6 })).map(
    ([n, noise]) =>
      (text: string) =>
        insert(text, n, noise),
  ),
  fc.tuple(at, fc.nat({ max: 12 })).map(([n, length]) => (text: string) => {
    const start = n % (text.length + 1);
    return text.slice(0, start) + text.slice(start + length);
  }),
  fc
    .tuple(at, fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }))
    .map(([n, key, value]) => onLines(n, (lines, i) => lines.toSpliced(i, 0, `${key}: ${JSON.stringify(value)}`))),
);

function onLines(n: number, change: (lines: readonly string[], index: number) => readonly string[]): Mutation {
  return (text) => {
    const lines = text.split("\n");
    return change(lines, n % lines.length).join("\n");
  };
}

function swap(lines: readonly string[], i: number, j: number): readonly string[] {
  return lines.with(i, lines[j] ?? "").with(j, lines[i] ?? "");
}

function indent(lines: readonly string[], i: number, shift: number): readonly string[] {
  const line = lines[i] ?? "";
  return lines.with(i, shift >= 0 ? " ".repeat(shift) + line : line.slice(-shift));
}

function insert(text: string, n: number, fragment: string): string {
  const place = n % (text.length + 1);
  return text.slice(0, place) + fragment + text.slice(place);
}

async function outcomeOf(text: string, words: readonly string[] = []): Promise<"fine" | readonly Diagnostic[]> {
  try {
    const composition = await compose(text, { words, env: { HOME: "/home" }, files: { "base.yaml": baseConfig } });
    for (const { axes } of expandSweep(composition).slice(0, 4)) resolveRun(composition, axes, schema);
    return "fine";
  } catch (error) {
    if (error instanceof ConfigError) return error.diagnostics;
    throw error;
  }
}

function checkDiagnostics(diagnostics: readonly Diagnostic[], text: string, words: readonly string[]): void {
  assert.ok(diagnostics.length > 0, "a ConfigError says something");
  for (const { where, code, message, sourceLine } of diagnostics) {
    assert.ok(code in explanations, `${code} is explained`);
    assert.ok(message.length > 0);
    if ("word" in where) {
      assert.is(words[where.index], where.word);
      assert.ok(where.column >= 1 && where.column <= where.word.length + 1, `column ${where.column} of ${where.word}`);
      continue;
    }
    const isBase = where.file === "base.yaml";
    const lines = (isBase ? baseConfig : text.replace(/^\ufeff/, "")).split("\n");
    assert.ok(isBase || where.file === "exp.yaml", where.file);
    const line = lines[where.line - 1];
    assert.ok(line !== undefined, `line ${where.line} exists`);
    assert.ok(
      where.column >= 1 && where.column <= line.length + 2,
      `${code}: column ${where.column} of ${JSON.stringify(line)}`,
    );
    assert.ok(sourceLine === "" || line.startsWith(sourceLine.slice(0, 5)), "the frame shows the line");
  }
  assert.ok(formatDiagnostics(diagnostics).includes("error"));
}

suite("broken configs", (test) => {
  test("the unbroken texts work, but for the mistakes put into the third", async () => {
    assert.is(await outcomeOf(realConfigs[0]!), "fine");
    assert.is(await outcomeOf(realConfigs[1]!), "fine");
    const third = await outcomeOf(realConfigs[2]!);
    assert.equal(third === "fine" ? [] : third.map(({ code }) => code).sort(), [
      "INTERPOLATION_TYPE",
      "UNKNOWN_KEY",
      "WRONG_TYPE",
    ]);
  });

  test(
    "2,500 mutated texts end well or in placed diagnostics",
    async () => {
      const tally = { fine: 0, refused: 0 };
      const codes = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...realConfigs),
          fc.array(mutation, { minLength: 1, maxLength: 4 }),
          async (config, mutations) => {
            const text = mutations.reduce((changed, mutate) => mutate(changed), config);
            const outcome = await outcomeOf(text);
            if (outcome === "fine") {
              tally.fine += 1;
              return;
            }
            tally.refused += 1;
            for (const { code } of outcome) codes.add(code);
            checkDiagnostics(outcome, text, []);
          },
        ),
        { numRuns: 2500, seed: 20261122 },
      );
      // A test that only ever saw one kind of outcome would prove little.
      assert.is(tally.fine + tally.refused, 2500);
      assert.ok(tally.fine > 100, `${tally.fine} fine`);
      assert.ok(tally.refused > 1000, `${tally.refused} refused`);
      assert.ok(codes.size >= 12, [...codes].join(" "));
    },
    { timeoutMs: 60_000 },
  );

  test(
    "600 command lines of odd words end well or in placed diagnostics",
    async () => {
      const paths = fc.constantFrom(
        "training.steps",
        "model.router",
        "losses.1.weight",
        "seed",
        "a.b",
        "sweep.seeds",
        "model.expert.k",
        "",
        "..",
        "losses",
      );
      const values = fc.oneof(
        fragments,
        fc.string({ maxLength: 12 }),
        fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
        fc.constantFrom("1,2", "range(0,3)", "[1,2],[3]", "logspace(1,0,3)", "1,", "{a"),
      );
      const word = fc.oneof(
        fc
          .tuple(fc.constantFrom("", "+", "++", "~"), paths, values)
          .map(([prefix, path, value]) => `${prefix}${path}=${value}`),
        fc.tuple(fc.constantFrom("~", "", "+"), paths).map(([prefix, path]) => prefix + path),
        fc.string({ maxLength: 12 }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 3 }), async (words) => {
          const text = realConfigs[0]!;
          const outcome = await outcomeOf(text, words);
          if (outcome !== "fine") checkDiagnostics(outcome, text, words);
        }),
        { numRuns: 600, seed: 7 },
      );
    },
    { timeoutMs: 30_000 },
  );
});
