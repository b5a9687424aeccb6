import * as assert from "uvu/assert";
import { nodeAt } from "../../../core/config/paths.ts";
import { toPlain } from "../../../core/config/node.ts";
import { parseYaml, type ParsedYaml } from "../../../core/config/parse-yaml.ts";
import { fileText, placeOf } from "../../../core/config/positions.ts";
import { suite } from "../../suite.ts";
import { marks } from "./fixtures.ts";

const parse = (text: string): ParsedYaml => parseYaml(fileText("a.yaml", text));

function plain(text: string): unknown {
  const { root, diagnostics } = parse(text);
  assert.equal(diagnostics, []);
  return root === undefined ? undefined : toPlain(root);
}

/** "line:column" of the value at a path. */
function placeIn(text: string, path: string): string {
  const { root } = parse(text);
  const span = root === undefined ? undefined : nodeAt(root, path.split("."))?.span;
  if (span === undefined) return "nowhere";
  const place = placeOf(span);
  return "file" in place ? `${place.line}:${place.column}` : "a word";
}

suite("parse yaml", (test) => {
  test("reads YAML 1.2: exponents are numbers, yes and off are text, 017 is decimal, 0o17 octal", () => {
    assert.equal(plain("a: 1e-4\nb: yes\nc: off\nd: 017\ne: 0o17\nf: ~\ng: .inf\nh: 1_000\ni: true"), {
      a: 1e-4,
      b: "yes",
      c: "off",
      d: 17,
      e: 15,
      f: null,
      g: Number.POSITIVE_INFINITY,
      h: "1_000",
      i: true,
    });
  });

  test("knows where every value was written, in block and flow style", () => {
    const text = "a:\n  b: [1, { c: 2 }]\n  d: text\n";
    assert.is(placeIn(text, "a.b"), "2:6");
    assert.is(placeIn(text, "a.b.0"), "2:7");
    assert.is(placeIn(text, "a.b.1.c"), "2:15");
    assert.is(placeIn(text, "a.d"), "3:6");
  });

  test("counts lines of files with carriage returns", () => {
    assert.is(placeIn("a: 1\r\nb:\r\n  c: 2\r\n", "b.c"), "3:6");
  });

  test("follows aliases to the place where the value was really written", () => {
    const text = "base: &small { experts: 4 }\nrouter: *small\n";
    assert.equal(plain(text), { base: { experts: 4 }, router: { experts: 4 } });
    assert.is(placeIn(text, "router.experts"), "1:25");
  });

  test("follows merge keys: own keys win, then the earlier of two bases", () => {
    const text = "a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 3 }\n";
    assert.equal(plain(text), { a: { x: 1, y: 1 }, b: { y: 2, z: 2 }, c: { x: 3, y: 1, z: 2 } });
    assert.is(placeIn(text, "c.y"), "1:18");
    assert.is(placeIn(text, "c.z"), "2:18");
  });

  test("an anchor may be used again after it was redefined; the latest above counts", () => {
    assert.equal(plain("a: &x 1\nb: *x\nc: &x 2\nd: *x"), { a: 1, b: 1, c: 2, d: 2 });
  });

  test("keys that are numbers or booleans are names", () => {
    assert.equal(plain("1: a\ntrue: b"), { "1": "a", true: "b" });
  });

  test("a key named __proto__ is a key like any other", () => {
    const value = plain("__proto__: { polluted: 1 }") as Record<string, unknown>;
    assert.equal(Object.keys(value), ["__proto__"]);
    assert.is(({} as Record<string, unknown>)["polluted"], undefined);
  });

  test("an empty text, and one of comments, holds nothing", () => {
    assert.is(parse("").root, undefined);
    assert.is(parse("# only\n# comments\n").root, undefined);
    assert.equal(parse("").diagnostics, []);
  });

  const broken: readonly (readonly [string, string, readonly string[]])[] = [
    ["a duplicate key, at the second", "a: 1\nb: 2\na: 3\n", ["YAML_DUPLICATE_KEY a.yaml:3:1"]],
    ["a duplicate key in a nested map", "a: { b: 1, b: 2 }\n", ["YAML_DUPLICATE_KEY a.yaml:1:12"]],
    [
      "every duplicate key, not only the first",
      "a: 1\na: 2\nb: 1\nb: 2",
      ["YAML_DUPLICATE_KEY a.yaml:2:1", "YAML_DUPLICATE_KEY a.yaml:4:1"],
    ],
    ["an unknown alias", "a: *nothing\n", ["YAML_UNKNOWN_ALIAS a.yaml:1:4"]],
    ["an alias before its anchor", "a: *x\nb: &x 1\n", ["YAML_UNKNOWN_ALIAS a.yaml:1:4"]],
    ["an alias inside its own anchor", "a: &x [*x]\n", ["YAML_UNKNOWN_ALIAS a.yaml:1:8"]],
    ["a tab as indentation", "a:\n\tb: 1\n", ["YAML_TAB a.yaml:2:1"]],
    ["an unknown tag", "a: !env HOME\n", ["YAML_UNSUPPORTED a.yaml:1:4"]],
    ["binary data", "a: !!binary aGk=\n", ["YAML_UNSUPPORTED a.yaml:1:13"]],
    ["a map as a key", "? { a: 1 }\n: 2\n", ["YAML_UNSUPPORTED a.yaml:1:3"]],
    ["a merge key that is no map", "a: &x 1\nb: { <<: *x }\n", ["YAML_UNSUPPORTED a.yaml:1:7"]],
    ["an unclosed quote", "a: 'x\nb: 1\n", ["YAML_SYNTAX a.yaml:3:1"]],
    ["an unclosed bracket", "a: [1, 2\nb: 3\n", ["YAML_SYNTAX a.yaml:2:1"]],
    ["two keys on one line", "a: b: c\n", ["YAML_SYNTAX a.yaml:1:4"]],
    ["a second document", "a: 1\n---\nb: 2\n", ["YAML_SYNTAX a.yaml:2:1"]],
    ["an unquoted interpolation in a flow map", "a: { b: ${c.d} }\n", ["YAML_UNQUOTED_INTERPOLATION a.yaml:1:9"]],
    ["an unquoted interpolation in a flow list", "a: [1, ${c}, 2]\n", ["YAML_UNQUOTED_INTERPOLATION a.yaml:1:8"]],
    [
      "an unquoted interpolation in a flow map over lines",
      "a: {\n  b: ${c},\n}\n",
      ["YAML_UNQUOTED_INTERPOLATION a.yaml:2:6"],
    ],
  ];
  for (const [name, text, expected] of broken) {
    test(`refuses ${name}`, () => {
      assert.equal(marks(parse(text).diagnostics), expected);
    });
  }

  test("a quoted interpolation in a flow map is text, and so is an unquoted one in a block", () => {
    assert.equal(plain('a: { b: "${c.d}" }'), { a: { b: "${c.d}" } });
    assert.equal(plain("a: ${c * 2}"), { a: "${c * 2}" });
  });

  test("says where the first of two equal keys is, and the nearest anchor", () => {
    const [duplicate] = parse("a: 1\na: 2\n").diagnostics;
    assert.equal(duplicate?.related?.[0]?.where, { file: "a.yaml", line: 1, column: 1, endLine: 1, endColumn: 2 });
    const [alias] = parse("a: &small 1\nb: *smal\n").diagnostics;
    assert.equal(alias?.suggestions, ["*small"]);
  });

  test("stops a bomb of aliases without writing it out", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    const started = performance.now();
    const { diagnostics } = parse(lines.join("\n"));
    assert.is(diagnostics[0]?.code, "YAML_ALIAS_TOO_LARGE");
    assert.ok(performance.now() - started < 2000);
  });

  test("refuses nesting that no config needs, at any depth", () => {
    assert.is(parse("[".repeat(300) + "]".repeat(300)).diagnostics[0]?.code, "YAML_TOO_DEEP");
    assert.is(parse("[".repeat(100_000)).diagnostics.length, 1);
  });

  test("reads a part of a longer text at its own place", () => {
    const source = fileText("word", "a={b: 1}");
    const { root } = parseYaml(source, "  {b: 1}");
    assert.equal(root?.span && { start: root.span.start, end: root.span.end }, { start: 2, end: 8 });
  });
});
