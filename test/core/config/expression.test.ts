import fc from "fast-check";
import * as assert from "uvu/assert";
import { isFault, parseExpression, type Expression, type ExpressionFault } from "../../../core/config/expression.ts";
import { parseTemplate } from "../../../core/config/template.ts";
import { suite } from "../../suite.ts";

/** The tree as a fully bracketed text: what was grouped with what. */
function shown(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return String(expression.value);
    case "path":
      return expression.segments.join(".");
    case "negate":
      return `(-${shown(expression.operand)})`;
    case "binary":
      return `(${shown(expression.left)}${expression.operator}${shown(expression.right)})`;
    case "call":
      return `${expression.name}(${expression.operands.map(shown).join(",")})`;
  }
}

function grouped(text: string): string {
  const parsed = parseExpression(text);
  return isFault(parsed) ? `fault: ${parsed.message}` : shown(parsed);
}

function faultIn(text: string): ExpressionFault {
  const parsed = parseExpression(text);
  if (isFault(parsed)) return parsed;
  throw new Error(`${text} parsed as ${shown(parsed)}`);
}

suite("expressions", (test) => {
  test("operators group as in mathematics", () => {
    assert.is(grouped("1+2*3"), "(1+(2*3))");
    assert.is(grouped("(1+2)*3"), "((1+2)*3)");
    assert.is(grouped("8-4-2"), "((8-4)-2)");
    assert.is(grouped("8/4/2"), "((8/4)/2)");
    assert.is(grouped("7%4*2"), "((7%4)*2)");
    assert.is(grouped("2**3**2"), "(2**(3**2))");
    assert.is(grouped("-2**2"), "(-(2**2))");
    assert.is(grouped("2**-1"), "(2**(-1))");
    assert.is(grouped("2*-3"), "(2*(-3))");
    assert.is(grouped("+a--b"), "(a-(-b))");
  });

  test("numbers may have points and exponents", () => {
    assert.is(grouped("2e-4"), "0.0002");
    assert.is(grouped(".5+1."), "(0.5+1)");
    assert.is(grouped("1E3"), "1000");
  });

  test("paths go into lists; functions nest", () => {
    assert.is(grouped("losses.1.weight*2"), "(losses.1.weight*2)");
    assert.is(grouped("min(max(a, 1), sqrt(b.c), 3)"), "min(max(a,1),sqrt(b.c),3)");
    assert.is(grouped(" a / ( b + 1 ) "), "(a/(b+1))");
  });

  test("a path may be named as a function is", () => {
    assert.is(grouped("min + 1"), "(min+1)");
  });

  test("knows where each part stands", () => {
    const parsed = parseExpression("1 + ab.c", 10);
    assert.ok(!isFault(parsed) && parsed.kind === "binary");
    assert.equal([parsed.start, parsed.end, parsed.right.start, parsed.right.end], [10, 18, 14, 18]);
  });

  const faults: readonly (readonly [string, string, number])[] = [
    ["", "The interpolation ends too early.", 0],
    ["1 +", "The interpolation ends too early.", 3],
    ["1 2", '"2" stands where an operator should be.', 2],
    ["* 2", '"*" stands where a value should be.', 0],
    ["(1", 'A ")" is missing.', 0],
    ["1)", '")" stands where an operator should be.', 1],
    ["a && b", '"&" has no meaning in an interpolation.', 2],
    ["process.exit(1)", 'There is no function "process.exit".', 0],
    ["sqr(2)", 'There is no function "sqr".', 0],
    ["sqrt(1, 2)", "sqrt takes 1 value.", 0],
    ["sqrt()", '")" stands where a value should be.', 5],
    ["a[0]", '"[" has no meaning in an interpolation.', 1],
    ["1 \u00d7 2", '"\u00d7" has no meaning in an interpolation.', 2],
  ];
  for (const [text, message, start] of faults) {
    test(`refuses ${JSON.stringify(text)} at its ${start}th character`, () => {
      const fault = faultIn(text);
      assert.is(fault.message, message);
      assert.is(fault.start, start);
    });
  }

  test("suggests the nearest function", () => {
    assert.equal(faultIn("sqr(2)").suggestions, ["sqrt"]);
  });

  test("deep nesting is refused, not a crash", () => {
    assert.is(faultIn("(".repeat(10_000)).message, "This is nested too deeply.");
    assert.is(faultIn("-".repeat(10_000)).message, "This is nested too deeply.");
  });

  test("any text parses or is a fault inside the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."12.e+-*/%() ,ab_".split("")), maxLength: 30 }), (text) => {
        const parsed = parseExpression(text);
        assert.ok(parsed.start >= 0 && parsed.end <= text.length && parsed.start <= parsed.end);
      }),
      { numRuns: 2000 },
    );
  });
});

suite("templates", (test) => {
  const kinds = (text: string): readonly string[] => {
    const parts = parseTemplate(text);
    return "message" in parts ? [parts.message] : parts.map((part) => (part.kind === "text" ? part.text : part.kind));
  };

  test("splits text and interpolations", () => {
    assert.equal(kinds("${a}"), ["expression"]);
    assert.equal(kinds("run-${a}-${b}!"), ["run-", "expression", "-", "expression", "!"]);
    assert.equal(kinds("${env:HOME}/x"), ["env", "/x"]);
  });

  test("$${ is a literal", () => {
    assert.equal(kinds("a $${b} c"), ["a ${b} c"]);
    assert.equal(kinds("$${b} ${c}"), ["${b} ", "expression"]);
  });

  test("environment variables may have a default, with commas in it", () => {
    const parts = parseTemplate("${ oc.env:DATA_DIR , a,b }");
    assert.ok(!("message" in parts));
    assert.equal(parts[0], { kind: "env", name: "DATA_DIR", fallback: "a,b", start: 10, end: 18 });
    assert.equal(kinds("${env:X,}"), ["env"]);
  });

  test("says what is wrong", () => {
    assert.equal(kinds("a ${b"), ['This "${" is never closed.']);
    assert.equal(kinds("${env:}"), ["The name of an environment variable is missing or malformed."]);
    assert.equal(kinds("${env:A-B}"), ["The name of an environment variable is missing or malformed."]);
    assert.equal(kinds("${}"), ["The interpolation ends too early."]);
  });
});
