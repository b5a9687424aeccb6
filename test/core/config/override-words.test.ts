import * as assert from "uvu/assert";
import { toPlain } from "../../../core/config/node.ts";
import { readOverride, type Override } from "../../../core/config/override-words.ts";
import { suite } from "../../suite.ts";
import { marks } from "./fixtures.ts";

function read(word: string): Override {
  const override = readOverride(word, 0);
  if ("action" in override) return override;
  throw new Error(`${word}: ${marks(override).join()}`);
}

const valueOf = (word: string): unknown => toPlain(read(word).value);

suite("override words", (test) => {
  test("the prefix says what to do", () => {
    assert.is(read("a.b=1").action, "set");
    assert.is(read("+a.b=1").action, "add");
    assert.is(read("++a.b=1").action, "force");
    assert.is(read("~a.b").action, "drop");
    assert.is(read("a=1,2").action, "sweep");
    for (const word of ["a.b=1", "+a.b=1", "++a.b=1", "~a.b"]) assert.equal(read(word).path, ["a", "b"]);
  });

  test("values are YAML", () => {
    const values: readonly (readonly [string, unknown])[] = [
      ["a=1", 1],
      ["a=1e-4", 1e-4],
      ["a=true", true],
      ["a=yes", "yes"],
      ["a=null", null],
      ["a=text", "text"],
      ["a=two words", "two words"],
      ["a='1'", "1"],
      ['a="x,y"', "x,y"],
      ["a=[1, 2]", [1, 2]],
      ["a={type: switch, experts: 8}", { type: "switch", experts: 8 }],
      ["a=b: c", "b: c"],
      ["a=b=c", "b=c"],
      ["a=#no", "#no"],
      ["a=*star", "*star"],
      ["a=./data/x.txt", "./data/x.txt"],
      ["a=${model.features}", "${model.features}"],
      ["a=${env:DIR,./x}", "${env:DIR,./x}"],
      ['a={b: "${c}"}', { b: "${c}" }],
    ];
    for (const [word, expected] of values) assert.equal(valueOf(word), expected, word);
  });

  test("commas outside brackets and quotes make an axis", () => {
    assert.equal(valueOf("a=1,2,3"), [1, 2, 3]);
    assert.equal(valueOf("a=none, {type: switch, experts: 2}"), ["none", { type: "switch", experts: 2 }]);
    assert.equal(valueOf("a=[1,2],[3]"), [[1, 2], [3]]);
    assert.equal(valueOf("a='x,y',z"), ["x,y", "z"]);
    assert.equal(valueOf("a=it's,ok"), ["it's", "ok"]);
  });

  test("ranges make an axis", () => {
    assert.equal(valueOf("a=range(0,3)"), [0, 1, 2]);
    assert.equal(valueOf("a=linspace(0,1,3)"), [0, 0.5, 1]);
    assert.equal(valueOf("a=logspace(1e-5,1e-3,3)"), [1e-5, 1e-4, 1e-3]);
    assert.is(read("a=range(5,6)").action, "sweep");
  });

  test("knows where each segment and value stands in the word", () => {
    const override = read("+ab.cd={x: 12}");
    assert.equal(
      override.keySpans.map(({ start, end }) => [start, end]),
      [
        [1, 3],
        [4, 6],
      ],
    );
    const { value } = override;
    assert.ok(value.kind === "map");
    const x = value.entries.get("x");
    assert.equal([x?.keySpan?.start, x?.value.span?.start, x?.value.span?.end], [8, 11, 13]);
  });

  const refused: readonly (readonly [string, string])[] = [
    ["word", "OVERRIDE_SYNTAX word 0:1"],
    ["--flag", "OVERRIDE_SYNTAX word 0:1"],
    ["~a=1", "OVERRIDE_SYNTAX word 0:1"],
    ["a=", "OVERRIDE_SYNTAX word 0:3"],
    ["a=1,", "OVERRIDE_SYNTAX word 0:5"],
    ["a=,1", "OVERRIDE_SYNTAX word 0:3"],
    ["=1", "OVERRIDE_SYNTAX word 0:1"],
    ["a..b=1", "OVERRIDE_SYNTAX word 0:1"],
    ["a b=1", "OVERRIDE_SYNTAX word 0:1"],
    ["a=range(0,0,0)", "OVERRIDE_SYNTAX word 0:3"],
    ["a=range(x)", "OVERRIDE_SYNTAX word 0:3"],
    ["a=[1,", "YAML_SYNTAX word 0:6"],
    ["a={b: ${c}}", "YAML_UNQUOTED_INTERPOLATION word 0:7"],
    ["a={b: 1, b: 2}", "YAML_DUPLICATE_KEY word 0:10"],
  ];
  for (const [word, expected] of refused) {
    test(`refuses ${word}`, () => {
      const diagnostics = readOverride(word, 0);
      assert.ok(!("action" in diagnostics));
      assert.equal(marks(diagnostics), [expected]);
    });
  }
});
