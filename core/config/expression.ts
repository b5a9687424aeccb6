/**
 * The little language inside `${...}`: numbers, paths of the config, + - * / % ** , parentheses, and a few functions.
 * A parser of its own, because a config must never be able to run code.
 *
 *   sum      product (("+" | "-") product)*
 *   product  unary (("*" | "/" | "%") unary)*
 *   unary    ("-" | "+") unary | power
 *   power    atom ("**" unary)?                    right to left, binds tighter than a sign on its left
 *   atom     number | path | function "(" sum ("," sum)* ")" | "(" sum ")"
 */
import { nearestName } from "../errors/nearest-name.ts";
import { mathFunctions } from "./math-functions.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "**";

interface Stretch {
  /** Offsets in the text that was parsed. */
  readonly start: number;
  readonly end: number;
}

export type Expression =
  | ({ readonly kind: "number"; readonly value: number } & Stretch)
  | ({ readonly kind: "path"; readonly segments: readonly string[] } & Stretch)
  | ({ readonly kind: "negate"; readonly operand: Expression } & Stretch)
  | ({
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    } & Stretch)
  | ({ readonly kind: "call"; readonly name: string; readonly operands: readonly Expression[] } & Stretch);

/** Why a text is no expression, and where in it. */
export interface ExpressionFault extends Stretch {
  readonly message: string;
  readonly expected?: string | undefined;
  readonly suggestions?: readonly string[] | undefined;
}

/** @param offset Added to every position, for a text that is part of a longer one. */
export function parseExpression(text: string, offset = 0): Expression | ExpressionFault {
  const tokens = tokenize(text, offset);
  if (!Array.isArray(tokens)) return tokens;
  try {
    const parser = new Parser(tokens, offset + text.length);
    return parser.whole();
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

export function isFault(parsed: Expression | ExpressionFault): parsed is ExpressionFault {
  return "message" in parsed;
}

interface Token extends Stretch {
  readonly kind: "number" | "name" | "sign";
  readonly text: string;
}

class Fault extends Error {
  readonly fault: ExpressionFault;
  constructor(fault: ExpressionFault) {
    super(fault.message);
    this.fault = fault;
  }
}

const tokenPattern =
  /\s+|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*(?:\.\w+)*)|(?<sign>\*\*|[-+*/%(),])/y;

function tokenize(text: string, offset: number): Token[] | ExpressionFault {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const start = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) {
      const char = String.fromCodePoint(text.codePointAt(start) ?? 32);
      const expected = "numbers, paths such as model.features, + - * / % ** and ( )";
      return {
        message: `"${char}" has no meaning in an interpolation.`,
        expected,
        start: offset + start,
        end: offset + start + char.length,
      };
    }
    const kind = match.groups?.["number"]
      ? "number"
      : match.groups?.["name"]
        ? "name"
        : match.groups?.["sign"]
          ? "sign"
          : undefined;
    if (kind !== undefined)
      tokens.push({ kind, text: match[0], start: offset + start, end: offset + start + match[0].length });
  }
  return tokens;
}

const maxNesting = 100;

class Parser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  whole(): Expression {
    const expression = this.#sum();
    const extra = this.#peek();
    if (extra !== undefined)
      this.#fail(extra, `"${extra.text}" stands where an operator should be.`, "+ - * / % or **");
    return expression;
  }

  #sum(): Expression {
    return this.#chain(["+", "-"], () => this.#product());
  }

  #product(): Expression {
    return this.#chain(["*", "/", "%"], () => this.#unary());
  }

  #chain(operators: readonly BinaryOperator[], next: () => Expression): Expression {
    let left = next();
    for (;;) {
      const operator = operators.find((candidate) => this.#peek()?.text === candidate);
      if (operator === undefined) return left;
      this.#position += 1;
      const right = next();
      left = { kind: "binary", operator, left, right, start: left.start, end: right.end };
    }
  }

  #unary(): Expression {
    const token = this.#peek();
    if (token?.text !== "-" && token?.text !== "+") return this.#power();
    this.#position += 1;
    const operand = this.#nested(() => this.#unary());
    return token.text === "+" ? operand : { kind: "negate", operand, start: token.start, end: operand.end };
  }

  #power(): Expression {
    const left = this.#atom();
    if (this.#peek()?.text !== "**") return left;
    this.#position += 1;
    const right = this.#nested(() => this.#unary());
    return { kind: "binary", operator: "**", left, right, start: left.start, end: right.end };
  }

  #atom(): Expression {
    const token = this.#peek();
    if (token === undefined) {
      return this.#fail(
        { start: this.#end, end: this.#end },
        "The interpolation ends too early.",
        "a number or a path",
      );
    }
    this.#position += 1;
    const { start, end, text } = token;
    if (token.kind === "number") return { kind: "number", value: Number(text), start, end };
    if (token.kind === "name")
      return this.#peek()?.text === "(" ? this.#call(token) : { kind: "path", segments: text.split("."), start, end };
    if (text !== "(") return this.#fail(token, `"${text}" stands where a value should be.`, "a number or a path");
    const inner = this.#nested(() => this.#sum());
    this.#close(token);
    return inner;
  }

  #call(name: Token): Expression {
    const known = Object.keys(mathFunctions);
    if (!known.includes(name.text)) {
      const nearest = nearestName(name.text, known);
      throw new Fault({
        message: `There is no function "${name.text}".`,
        expected: `one of: ${known.join(", ")}`,
        suggestions: nearest === undefined ? undefined : [nearest],
        start: name.start,
        end: name.end,
      });
    }
    const open = this.#peek() ?? name;
    this.#position += 1;
    const operands = [this.#nested(() => this.#sum())];
    while (this.#peek()?.text === ",") {
      this.#position += 1;
      operands.push(this.#nested(() => this.#sum()));
    }
    const end = this.#close(open);
    const { minOperands, maxOperands } = mathFunctions[name.text] ?? { minOperands: 1, maxOperands: 1 };
    if (operands.length < minOperands || operands.length > maxOperands) {
      const count = maxOperands === minOperands ? String(minOperands) : `at least ${minOperands}`;
      this.#fail(
        { start: name.start, end },
        `${name.text} takes ${count} ${count === "1" ? "value" : "values"}.`,
        undefined,
      );
    }
    return { kind: "call", name: name.text, operands, start: name.start, end };
  }

  #close(open: Stretch): number {
    const token = this.#peek();
    if (token?.text !== ")") return this.#fail(token ?? open, 'A ")" is missing.', undefined);
    this.#position += 1;
    return token.end;
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > maxNesting)
      this.#fail({ start: this.#end, end: this.#end }, "This is nested too deeply.", undefined);
    const parsed = parse();
    this.#depth -= 1;
    return parsed;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #fail({ start, end }: Stretch, message: string, expected: string | undefined): never {
    throw new Fault({ message, expected, start, end });
  }
}
