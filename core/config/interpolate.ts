/**
 * Resolves `${...}` in the plain values of one run. A value that waits for its interpolation stands in the tree as a
 * `Pending`; looking it up resolves it first, so order does not matter and circles are found.
 */
import { parse } from "yaml";
import { nearestName } from "../errors/nearest-name.ts";
import { describePlain, listNames } from "./describe-value.ts";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import type { Expression } from "./expression.ts";
import { mathFunctions } from "./math-functions.ts";
import { setOwn } from "./node.ts";
import { Pending, spanInside, textIn } from "./pending.ts";
import { placeOf } from "./positions.ts";
import { parseTemplate, type TemplatePart } from "./template.ts";

export interface Interpolation {
  readonly root: unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Stops the evaluation of one value; its diagnostic is already recorded. */
class Unresolved extends Error {}

export class Interpolator {
  readonly diagnostics: Diagnostic[] = [];
  /** Paths whose value could not be resolved, also those that only wait for another one. */
  readonly failedPaths: string[] = [];
  readonly #root: unknown;
  readonly #env: Interpolation["env"];
  readonly #busy: Pending[] = [];

  constructor({ root, env }: Interpolation) {
    this.#root = root;
    this.#env = env;
  }

  /**
   * @param value Any part of the tree.
   * @returns The value with everything pending in it resolved; undefined where it could not be.
   */
  settle(value: unknown): unknown {
    if (value instanceof Pending) {
      try {
        return this.#resolve(value);
      } catch (error) {
        if (error instanceof Unresolved) return undefined;
        throw error;
      }
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) if (isOpen(item)) value[index] = this.settle(item);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) if (isOpen(item)) setOwn(value, key, this.settle(item));
    }
    return value;
  }

  #resolve(pending: Pending): unknown {
    if (pending.state === "done") return pending.value;
    if (pending.state === "failed") throw new Unresolved();
    if (pending.state === "busy") return this.#failCircle(pending);
    pending.state = "busy";
    this.#busy.push(pending);
    try {
      pending.value = this.#evaluateText(pending);
      pending.state = "done";
      return pending.value;
    } catch (error) {
      pending.state = "failed";
      this.failedPaths.push(pending.path);
      throw error;
    } finally {
      this.#busy.pop();
    }
  }

  #evaluateText(pending: Pending): unknown {
    const parts = parseTemplate(pending.text);
    if ("message" in parts) {
      return this.#fail(pending, parts, { code: "INTERPOLATION_SYNTAX", ...parts });
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return this.#evaluatePart(pending, only, true);
    return parts.map((part) => this.#textOf(pending, part)).join("");
  }

  #textOf(pending: Pending, part: TemplatePart): string {
    const value = this.#evaluatePart(pending, part, false);
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const stretch = part.kind === "expression" ? part.expression : { start: 0, end: pending.text.length };
    return this.#fail(pending, stretch, {
      code: "INTERPOLATION_TYPE",
      message: "Only text, a number or true and false can stand inside a text.",
      received: describePlain(value),
    });
  }

  #evaluatePart(pending: Pending, part: TemplatePart, isWhole: boolean): unknown {
    if (part.kind === "text") return part.text;
    if (part.kind === "expression") return this.#evaluate(pending, part.expression);
    const text = this.#env[part.name] ?? part.fallback;
    if (text === undefined) {
      const nearest = nearestName(part.name, Object.keys(this.#env));
      return this.#fail(pending, part, {
        code: "ENVIRONMENT_MISSING",
        message: `The environment variable ${part.name} is not set.`,
        suggestions: nearest === undefined ? undefined : [nearest],
        next: `set it, or give a default: \${env:${part.name},...}`,
      });
    }
    return isWhole ? yamlScalar(text) : text;
  }

  #evaluate(pending: Pending, expression: Expression): unknown {
    switch (expression.kind) {
      case "number":
        return expression.value;
      case "path":
        return copyOf(this.#lookUp(pending, expression));
      case "negate":
        return -this.#number(pending, expression.operand, "-");
      case "call": {
        const operands = expression.operands.map((operand) => this.#number(pending, operand, expression.name));
        return this.#finite(pending, expression, mathFunctions[expression.name]?.apply(...operands) ?? Number.NaN);
      }
      case "binary": {
        const { operator } = expression;
        const left = this.#number(pending, expression.left, operator);
        const right = this.#number(pending, expression.right, operator);
        if ((operator === "/" || operator === "%") && right === 0) {
          return this.#fail(pending, expression.right, {
            code: "INTERPOLATION_NOT_FINITE",
            message: `This divides ${left} by zero.`,
          });
        }
        return this.#finite(pending, expression, combine(operator, left, right));
      }
      default:
        return expression satisfies never;
    }
  }

  #number(pending: Pending, expression: Expression, operator: string): number {
    const value = this.#evaluate(pending, expression);
    if (typeof value === "number") return value;
    return this.#fail(pending, expression, {
      code: "INTERPOLATION_TYPE",
      message: `"${operator}" needs numbers, and ${textIn(pending, expression)} is none.`,
      expected: "a number",
      received: describePlain(value),
    });
  }

  #finite(pending: Pending, expression: Expression, value: number): number {
    if (Number.isFinite(value)) return value;
    const message = `${textIn(pending, expression)} is not a finite number.`;
    return this.#fail(pending, expression, { code: "INTERPOLATION_NOT_FINITE", message, received: String(value) });
  }

  #lookUp(pending: Pending, path: Extract<Expression, { kind: "path" }>): unknown {
    let value: unknown = this.#root;
    for (const [depth, segment] of path.segments.entries()) {
      const parent = value;
      value = childOf(parent, segment);
      if (value instanceof Pending) value = this.#resolve(value);
      if (value === undefined) return this.#failUnknown(pending, path, parent, depth);
    }
    // A map may hold values that are still pending.
    if (typeof value === "object" && value !== null) this.#settleInside(value);
    return value;
  }

  #settleInside(value: object): void {
    for (const item of Object.values(value) as unknown[]) {
      if (item instanceof Pending) this.#resolve(item);
      else if (isOpen(item) && typeof item === "object" && item !== null) this.#settleInside(item);
    }
  }

  #failUnknown(pending: Pending, path: Expression & { kind: "path" }, parent: unknown, depth: number): never {
    const { segments } = path;
    const known = namesIn(parent);
    const segment = segments[depth] ?? "";
    const nearest = nearestName(segment, known);
    const before = segments.slice(0, depth);
    const whole = [...before, segment].join(".");
    return this.#fail(pending, path, {
      code: "INTERPOLATION_UNKNOWN_PATH",
      message: `This run has no ${whole}.`,
      expected:
        known.length === 0
          ? undefined
          : `${before.length === 0 ? "a path that starts with" : `in ${before.join(".")}`} one of: ${listNames(known)}`,
      suggestions: nearest === undefined ? undefined : [[...before, nearest, ...segments.slice(depth + 1)].join(".")],
    });
  }

  #failCircle(pending: Pending): never {
    const circle = this.#busy.slice(this.#busy.indexOf(pending));
    const names = [...circle, pending].map(({ path }) => path);
    const others = circle.slice(1);
    return this.#fail(
      pending,
      { start: 0, end: pending.text.length },
      {
        code: "INTERPOLATION_CYCLE",
        message: `These values need each other: ${names.join(" -> ")}.`,
        related: others.map(({ path, span }) => ({ message: `${path} is written at`, where: placeOf(span) })),
        next: "give one of them a value of its own",
      },
    );
  }

  #fail(pending: Pending, stretch: { readonly start: number; readonly end: number }, problem: Problem): never {
    this.diagnostics.push(diagnosticAtSpan(spanInside(pending, stretch), pending.path, problem));
    throw new Unresolved();
  }
}

/** Whether a value may hold something pending; what earlier runs finished is frozen. */
function isOpen(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Object.isFrozen(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Pending);
}

function childOf(parent: unknown, segment: string): unknown {
  if (Array.isArray(parent)) {
    const items = parent as readonly unknown[];
    return /^\d+$/.test(segment)
      ? items[Number(segment)]
      : items.find((item) => isRecord(item) && item["type"] === segment);
  }
  return isRecord(parent) && Object.hasOwn(parent, segment) ? parent[segment] : undefined;
}

function namesIn(parent: unknown): readonly string[] {
  if (Array.isArray(parent)) return parent.map((_item, index) => String(index));
  return isRecord(parent) ? Object.keys(parent) : [];
}

/** Maps and lists are copied, so that two places of a config never share one object. */
function copyOf(value: unknown): unknown {
  if (value instanceof Pending) return copyOf(value.value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, copyOf(item));
  return copy;
}

function combine(operator: string, left: number, right: number): number {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  if (operator === "/") return left / right;
  return operator === "%" ? left % right : left ** right;
}

/** An environment variable is read as a YAML scalar, so that "100" is a number; anything richer stays text. */
function yamlScalar(text: string): unknown {
  try {
    const value: unknown = parse(text, { logLevel: "silent" });
    return typeof value === "number" || typeof value === "boolean" ? value : text;
  } catch {
    return text;
  }
}
