/**
 * A text value that contains `${...}` -> its parts. `$${` stands for a literal `${`. Inside the braces is either an
 * expression or an environment variable with an optional default: `${env:DATA_DIR,./data}`.
 */
import { isFault, parseExpression, type Expression, type ExpressionFault } from "./expression.ts";

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly expression: Expression }
  | {
      readonly kind: "env";
      readonly name: string;
      readonly fallback: string | undefined;
      /** Offsets of the name in the text. */
      readonly start: number;
      readonly end: number;
    };

/** Whether a value needs `parseTemplate` at all. */
export function isTemplate(value: unknown): value is string {
  return typeof value === "string" && value.includes("${");
}

/** @returns The parts in order, or the first fault with its offsets in `text`. */
export function parseTemplate(text: string): readonly TemplatePart[] | ExpressionFault {
  const parts: TemplatePart[] = [];
  let literal = "";
  let position = 0;
  while (position < text.length) {
    const open = text.indexOf("${", position);
    if (open === -1) break;
    if (text[open - 1] === "$" && open > position) {
      literal += `${text.slice(position, open - 1)}\${`;
      position = open + 2;
      continue;
    }
    literal += text.slice(position, open);
    const close = text.indexOf("}", open);
    if (close === -1) {
      return { message: 'This "${" is never closed.', expected: 'a "}" after it', start: open, end: text.length };
    }
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    const part = parseInside(text.slice(open + 2, close), open + 2);
    if ("message" in part) return part;
    parts.push(part);
    position = close + 1;
  }
  literal += text.slice(position);
  if (literal !== "" || parts.length === 0) parts.push({ kind: "text", text: literal });
  return parts;
}

function parseInside(inside: string, offset: number): TemplatePart | ExpressionFault {
  const env = /^\s*(?:oc\.)?env:\s*([^,\s]*)\s*(?:,(.*))?$/s.exec(inside);
  if (env !== null) {
    const [, name = "", fallback] = env;
    const start = offset + inside.indexOf(":") + 1;
    if (/^[A-Za-z_]\w*$/.test(name))
      return { kind: "env", name, fallback: fallback?.trim(), start, end: start + Math.max(1, name.length) };
    const message = "The name of an environment variable is missing or malformed.";
    return { message, expected: "${env:NAME} or ${env:NAME,default}", start: offset, end: offset + inside.length };
  }
  const expression = parseExpression(inside, offset);
  return isFault(expression) ? expression : { kind: "expression", expression };
}
