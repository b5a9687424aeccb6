import { Ajv2020 } from "ajv/dist/2020.js";
import Type, { type TSchema } from "typebox";
import * as assert from "uvu/assert";
import { describePlain, listNames } from "../../../core/config/describe-value.ts";
import { explainErrors, type PathProblem } from "../../../core/config/explain-errors.ts";
import { suite } from "../../suite.ts";

function problemsOf(schema: TSchema, value: unknown): readonly PathProblem[] {
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, logger: false });
  const validate = ajv.compile(schema);
  assert.not(validate(value), "the value should be wrong");
  return explainErrors(validate.errors ?? [], ["x"]);
}

/** The one problem of a value under the key "v". */
function problemOf(schema: TSchema, value: unknown): PathProblem["problem"] {
  const problems = problemsOf(Type.Object({ v: schema }), { v: value });
  assert.is(problems.length, 1, JSON.stringify(problems));
  assert.equal(problems[0]!.path, ["x", "v"]);
  return problems[0]!.problem;
}

suite("explaining validation errors", (test) => {
  const cases: readonly (readonly [string, TSchema, unknown, string, string, string])[] = [
    ["a wrong type", Type.Integer({ minimum: 1 }), "a", "WRONG_TYPE", "a whole number, at least 1", '"a" (text)'],
    ["a fraction", Type.Integer(), 1.5, "WRONG_TYPE", "a whole number", "1.5"],
    ["null", Type.String(), null, "WRONG_TYPE", "text", "null"],
    ["a list for a map", Type.Object({}), [1], "WRONG_TYPE", "a map", "a list of 1"],
    ["a map for a list", Type.Array(Type.Number()), { a: 1, b: 2 }, "WRONG_TYPE", "a list", "a map with a, b"],
    ["a value outside an enum", Type.Enum(["a", "b"]), "c", "VALUE_NOT_ALLOWED", "one of: a, b", '"c" (text)'],
    ["another constant", Type.Literal(1), 2, "VALUE_NOT_ALLOWED", "1", "2"],
    [
      "a value outside a union of constants",
      Type.Union([Type.Literal("a"), Type.Literal("b")]),
      "c",
      "VALUE_NOT_ALLOWED",
      "one of: a, b",
      '"c" (text)',
    ],
    [
      "a value of no type of a union",
      Type.Union([Type.Number(), Type.Null()]),
      "c",
      "WRONG_TYPE",
      "a number, or null",
      '"c" (text)',
    ],
    ["too small", Type.Number({ minimum: 2 }), 1, "VALUE_OUT_OF_RANGE", "a number, at least 2", "1"],
    ["too large", Type.Number({ exclusiveMaximum: 1 }), 1, "VALUE_OUT_OF_RANGE", "a number, below 1", "1"],
    ["no multiple", Type.Integer({ multipleOf: 8 }), 9, "VALUE_OUT_OF_RANGE", "a whole number, a multiple of 8", "9"],
    [
      "too small in a union",
      Type.Union([Type.Number({ minimum: 2 }), Type.Null()]),
      1,
      "VALUE_OUT_OF_RANGE",
      "a number, at least 2",
      "1",
    ],
    [
      "a text that does not match",
      Type.String({ pattern: "^a" }),
      "b",
      "VALUE_INVALID",
      "text, matching ^a",
      '"b" (text)',
    ],
    ["an empty text", Type.String({ minLength: 1 }), "", "VALUE_INVALID", "text, not empty", '"" (text)'],
    [
      "an empty list",
      Type.Array(Type.Number(), { minItems: 1 }),
      [],
      "VALUE_INVALID",
      "a list, 1 items or more",
      "an empty list",
    ],
  ];
  for (const [name, schema, value, code, expected, received] of cases) {
    test(`${name} is one problem`, () => {
      const problem = problemOf(schema, value);
      assert.is(problem.code, code);
      assert.is(problem.expected, expected);
      assert.is(problem.received, received);
    });
  }

  test("keeps the errors of the branch that the value is of", () => {
    const union = Type.Union([Type.Object({ a: Type.Number() }), Type.Null()]);
    const problems = problemsOf(Type.Object({ v: union }), { v: { a: "x" } });
    assert.equal(
      problems.map(({ path, problem }) => [path.join("."), problem.code]),
      [["x.v.a", "WRONG_TYPE"]],
    );
  });

  test("unknown keys are shown at the key, missing ones at the map", () => {
    const closed = Type.Object({ alpha: Type.Number(), beta: Type.Number() }, { additionalProperties: false });
    const problems = problemsOf(closed, { alpha: 1, gamma: 2 });
    assert.equal(
      problems
        .map(({ path, subject, atKey, problem }) => [path.join("."), subject.join("."), atKey, problem.code])
        .toSorted(),
      [
        ["x", "x.beta", true, "MISSING_KEY"],
        ["x.gamma", "x.gamma", true, "UNKNOWN_KEY"],
      ],
    );
  });

  test("a misspelt key is not missing too", () => {
    const closed = Type.Object({ alpha: Type.Number() }, { additionalProperties: false });
    const problems = problemsOf(closed, { alhpa: 1 });
    assert.equal(
      problems.map(({ problem }) => problem.code),
      ["UNKNOWN_KEY"],
    );
    assert.equal(problems[0]?.problem.suggestions, ["alpha"]);
  });

  test("several unknown keys are several problems", () => {
    const closed = Type.Object({}, { additionalProperties: false });
    const problems = problemsOf(closed, { a: 1, b: 2 });
    assert.equal(
      problems.map(({ path }) => path.join(".")),
      ["x.a", "x.b"],
    );
    assert.is(problems[0]?.problem.expected, "no further keys");
  });

  test("conditions of a plugin's own schema add no noise", () => {
    const schema = Type.Unsafe({
      type: "object",
      properties: { mode: {}, k: { type: "integer" } },
      if: { properties: { mode: { const: "hard" } } },
      then: { properties: { k: { minimum: 5 } } },
    });
    const problems = problemsOf(schema, { mode: "hard", k: 1 });
    assert.equal(
      problems.map(({ path, problem }) => [path.join("."), problem.code]),
      [["x.k", "VALUE_OUT_OF_RANGE"]],
    );
  });

  test("keys with slashes and tildes keep their names", () => {
    const schema = Type.Object({ "a/b~c": Type.Number() });
    assert.equal(problemsOf(schema, { "a/b~c": "x" })[0]?.path, ["x", "a/b~c"]);
  });

  test("advises on texts that were meant as numbers or booleans", () => {
    const advice = (schema: TSchema, value: unknown): string | undefined => problemOf(schema, value).next;
    assert.is(advice(Type.Number(), "1e-4"), "remove the quotes: 1e-4");
    assert.is(advice(Type.Integer(), "1 000"), "write 1000");
    assert.is(advice(Type.Union([Type.Number(), Type.Null()]), "10_0"), "write 100");
    assert.is(advice(Type.Boolean(), "off"), "write false");
    assert.is(advice(Type.Boolean(), "Yes"), "write true");
    assert.is(advice(Type.Boolean(), "maybe"), undefined);
    assert.is(advice(Type.Number(), "many"), undefined);
    assert.is(advice(Type.Number(), true), undefined);
  });
});

suite("values in words", (test) => {
  test("carry their type", () => {
    assert.is(describePlain("8"), '"8" (text)');
    assert.is(describePlain(8), "8");
    assert.is(describePlain(Number.NaN), "NaN");
    assert.is(describePlain(true), "true");
    assert.is(describePlain(null), "null");
    assert.is(describePlain(undefined), "nothing");
    assert.is(describePlain([]), "an empty list");
    assert.is(describePlain({}), "an empty map");
    assert.is(describePlain({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }), "a map with a, b, c, d, e");
  });

  test("are cut where they are long", () => {
    assert.ok(describePlain("x".repeat(500)).length < 80);
  });

  test("names are listed up to eight", () => {
    assert.is(listNames(["a", "b"]), "a, b");
    assert.is(listNames("a b c d e f g h i j".split(" ")), "a, b, c, d, e, f, g, h and 2 more");
  });
});
