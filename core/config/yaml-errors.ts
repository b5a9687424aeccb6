/**
 * The YAML parser's errors in words that say what to do. One slip (an open bracket, an unquoted `${`) makes the
 * parser complain several times; only the first complaint is about the slip, so only that one is shown.
 */
import type { YAMLError } from "yaml";
import { diagnosticAtSpan, type Diagnostic, type Problem } from "./diagnostic.ts";
import type { SourceText, Span } from "./positions.ts";

/** Diagnostics for what the parser refused (errors) or ignored (warnings: unknown tags). */
export function explainYamlErrors(
  source: SourceText,
  errors: readonly YAMLError[],
  warnings: readonly YAMLError[],
): readonly Diagnostic[] {
  const tabs = errors.filter(({ code }) => code === "TAB_AS_INDENT");
  // A tab makes what follows it unreadable too.
  const first = tabs.length > 0 ? undefined : errors[0];
  const shown = [...tabs.slice(0, 20), ...(first === undefined ? [] : [first]), ...warnings];
  return shown.map((error) => explain(source, error));
}

function explain(source: SourceText, error: YAMLError): Diagnostic {
  const [start, end] = error.pos;
  const span = { source, start, end };
  const interpolation = unquotedInterpolation(source, start);
  if (interpolation !== undefined && error.code !== "TAB_AS_INDENT") {
    const text = source.text.slice(interpolation.start, interpolation.end);
    return diagnosticAtSpan(interpolation, "", {
      code: "YAML_UNQUOTED_INTERPOLATION",
      message: `Inside { } and [ ] an interpolation must be quoted: quote it.`,
      expected: JSON.stringify(text),
      received: text,
    });
  }
  return diagnosticAtSpan(span, "", problemOf(error));
}

function problemOf(error: YAMLError): Problem {
  const message = firstLine(error.message);
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { code: "YAML_TAB", message: "A tab is not allowed as indentation.", next: "indent with spaces" };
    case "TAG_RESOLVE_FAILED":
      return {
        code: "YAML_UNSUPPORTED",
        message: "Tags have no meaning in a config.",
        received: message.replace(/^Unresolved tag: /, ""),
        next: "remove the tag; for an environment variable write ${env:NAME}",
      };
    case "MULTIPLE_DOCS":
      return {
        code: "YAML_SYNTAX",
        message: "A config is one YAML document, and here a second one begins.",
        next: 'remove the line "---", or put the second part in a file of its own',
      };
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        code: "YAML_SYNTAX",
        message: "A second key begins on the line of the first.",
        next: 'put it on a line of its own, or quote the text if the ":" belongs to it',
      };
    default:
      return {
        code: "YAML_SYNTAX",
        message: `This is not valid YAML: ${lowerFirst(message)}.`,
        next: adviceFor(message),
      };
  }
}

function adviceFor(message: string): string | undefined {
  if (/block (map|sequence)|indent|same column/i.test(message))
    return "check that the lines of this block start in one column";
  if (/flow (map|sequence|collection)/i.test(message)) return "check for a missing comma or closing bracket";
  if (/quote/i.test(message)) return "close the quote";
  if (/implicit key|implicit map key/i.test(message)) return 'check for a missing ":" or a wrong indentation';
  return undefined;
}

/** Lines before an error that are searched for the bracket that it stands in. */
const numLinesSearched = 20;

/** The `${...}` that broke a flow collection: at or left of the error, outside quotes, inside an open bracket. */
function unquotedInterpolation(source: SourceText, errorStart: number): Span | undefined {
  const { text } = source;
  let regionStart = errorStart;
  for (let i = 0; i < numLinesSearched && regionStart > 0; i++)
    regionStart = text.lastIndexOf("\n", regionStart - 2) + 1;
  const lineEnd = text.indexOf("\n", errorStart);
  const region = text.slice(regionStart, lineEnd === -1 ? text.length : lineEnd);
  const unquoted = region.replaceAll(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|(?<=^|\s)#.*/g, (part) => "_".repeat(part.length));
  for (const match of unquoted.matchAll(/\$\{[^}\n]*\}?/g)) {
    const start = regionStart + match.index;
    if (
      start <= errorStart &&
      start + match[0].length >= lineStartOf(text, errorStart) &&
      isInBrackets(unquoted.slice(0, match.index))
    ) {
      return { source, start, end: start + match[0].length };
    }
  }
  return undefined;
}

/** Whether a bracket is open at the end of a text; brackets inside words and interpolations do not count. */
function isInBrackets(before: string): boolean {
  const plain = before.replaceAll(/\$\{[^}\n]*\}/g, "_");
  let depth = 0;
  for (const match of plain.matchAll(/(?<=^|[\s:=,[{-])[[{]|[\]}]/gm))
    depth = Math.max(0, depth + ("[{".includes(match[0]) ? 1 : -1));
  return depth > 0;
}

function lineStartOf(text: string, offset: number): number {
  return text.lastIndexOf("\n", text.lastIndexOf("\n", offset - 1) - 1) + 1;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/[.:]$/, "");
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
