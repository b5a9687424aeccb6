import * as assert from "uvu/assert";
import { ConfigError, diagnosticAtSpan, type Diagnostic, type Problem } from "../../../core/config/diagnostic.ts";
import { diagnosticsToJson, formatDiagnostics, sortDiagnostics } from "../../../core/config/format-diagnostics.ts";
import { fileText, lineTextOf, placeOf, startOf, wordText } from "../../../core/config/positions.ts";
import { suite } from "../../suite.ts";

const file = fileText("a.yaml", "first: 1\nsecond: two\n\tthird: 3\n");
const other = fileText("b.yaml", "x: 1\n");

function at(source: typeof file, start: number, end: number, problem: Partial<Problem> = {}, path = "p"): Diagnostic {
  return diagnosticAtSpan({ source, start, end }, path, { code: "WRONG_TYPE", message: "This is wrong.", ...problem });
}

suite("positions", (test) => {
  test("count from 1; the end is the column after the last character", () => {
    assert.equal(placeOf({ source: file, start: 0, end: 5 }), {
      file: "a.yaml",
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 6,
    });
    assert.equal(placeOf({ source: file, start: 9, end: 15 }), {
      file: "a.yaml",
      line: 2,
      column: 1,
      endLine: 2,
      endColumn: 7,
    });
  });

  test("an empty stretch still covers one character", () => {
    assert.equal(placeOf({ source: file, start: 8, end: 8 }), {
      file: "a.yaml",
      line: 1,
      column: 9,
      endLine: 2,
      endColumn: 1,
    });
    assert.equal(placeOf(startOf(fileText("e.yaml", ""))), {
      file: "e.yaml",
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 2,
    });
  });

  test("find the line of every offset", () => {
    const lines = ["a", "", "ccc", "dd"];
    const source = fileText("l.yaml", lines.join("\n"));
    for (let offset = 0; offset < source.text.length; offset++) {
      const before = source.text.slice(0, offset).split("\n");
      const place = placeOf({ source, start: offset, end: offset + 1 });
      assert.ok("file" in place);
      assert.equal([place.line, place.column], [before.length, before.at(-1)!.length + 1]);
      assert.is(lineTextOf({ source, start: offset, end: offset }), lines[before.length - 1]);
    }
  });

  test("a word has its index and columns", () => {
    assert.equal(placeOf({ source: wordText("a.b=1", 3), start: 2, end: 3 }), {
      word: "a.b=1",
      index: 3,
      column: 3,
      endColumn: 4,
    });
  });
});

suite("format diagnostics", (test) => {
  test("lays one out in full", () => {
    const diagnostic = at(file, 17, 20, {
      expected: "a number",
      received: '"two" (text)',
      suggestions: ["2", "3"],
      related: [{ message: "replaces the value from", where: placeOf(startOf(other)) }],
      next: "write 2",
    });
    assert.is(
      formatDiagnostics([diagnostic]),
      `a.yaml:2:9  p
  This is wrong.
    2 | second: two
                ^^^
  expected  a number
  received  "two" (text)
  did you mean "2" or "3"?
  note      replaces the value from b.yaml:1:1
  next      write 2
  [WRONG_TYPE]

1 error. "switchyard explain CODE" says more about a code.`,
    );
  });

  test("leaves out what a diagnostic does not say", () => {
    const word = wordText("a=1", 1);
    assert.is(
      formatDiagnostics([
        diagnosticAtSpan({ source: word, start: 0, end: 1 }, "", {
          code: "OVERRIDE_SYNTAX",
          severity: "warning",
          message: "Hm.",
        }),
      ]),
      `command line, word 2
  warning: Hm.
    a=1
    ^
  [OVERRIDE_SYNTAX]

1 warning. "switchyard explain CODE" says more about a code.`,
    );
  });

  test("puts the caret under its character behind tabs and in cut lines", () => {
    assert.ok(formatDiagnostics([at(file, 22, 27)]).includes("    3 | \tthird: 3\n        \t^^^^^"));
    const long = fileText("long.yaml", `${"x".repeat(200)}HERE${"y".repeat(200)}`);
    const [, , line, carets] = formatDiagnostics([at(long, 200, 204)]).split("\n");
    assert.ok(line!.length < 160);
    assert.is(line!.slice(carets!.indexOf("^"), carets!.lastIndexOf("^") + 1), "HERE");
  });

  test("underlines to the end of the line what goes on below it", () => {
    const [, , , carets] = formatDiagnostics([at(file, 0, 20)]).split("\n");
    assert.is(carets!.trim(), "^".repeat("first: 1".length));
  });

  test("control characters do not reach the terminal", () => {
    const nasty = fileText("n.yaml", "a: \u001b[31mred\u2028");
    assert.not(formatDiagnostics([at(nasty, 3, 5)]).includes("\u001b"));
  });

  test("sorts by file, line and column, words last, twins once", () => {
    const word = diagnosticAtSpan({ source: wordText("w=1", 0), start: 0, end: 1 }, "", {
      code: "OVERRIDE_SYNTAX",
      message: "w",
    });
    const list = [word, at(file, 9, 10), at(other, 0, 1), at(file, 0, 1), at(file, 9, 10)];
    assert.equal(
      sortDiagnostics(list).map(({ where }) => ("file" in where ? `${where.file}:${where.line}` : "word")),
      ["a.yaml:1", "a.yaml:2", "b.yaml:1", "word"],
    );
  });

  test("counts errors and warnings, and names the runs that have a problem", () => {
    const some = { ...at(file, 0, 1), runs: ["k=1", "k=2", "k=3", "k=4", "k=5"] };
    const text = formatDiagnostics([some, at(file, 9, 10, { severity: "warning" })]);
    assert.ok(text.includes("  in runs   k=1, k=2, k=3 and 2 more\n"));
    assert.ok(text.includes("1 error, 1 warning."));
  });

  test("colours on demand only", () => {
    assert.not(formatDiagnostics([at(file, 0, 1)]).includes("\u001b["));
    assert.ok(formatDiagnostics([at(file, 0, 1)], { color: true }).includes("\u001b[31m^"));
  });

  test("json carries the same facts", () => {
    assert.equal(diagnosticsToJson([at(file, 17, 20, { expected: "a number" })]), [
      {
        code: "WRONG_TYPE",
        severity: "error",
        message: "This is wrong.",
        where: { file: "a.yaml", line: 2, column: 9, endLine: 2, endColumn: 12 },
        path: "p",
        expected: "a number",
      },
    ]);
  });

  test("a ConfigError's message is the text of all, its code that of the first error", () => {
    const error = new ConfigError([at(file, 0, 1, { severity: "warning", code: "K_NOT_SPARSE" }), at(file, 9, 10)]);
    assert.is(error.code, "WRONG_TYPE");
    assert.is(error.message, formatDiagnostics(error.diagnostics));
    assert.is(error.name, "ConfigError");
  });
});
