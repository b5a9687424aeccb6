/**
 * ajv's errors -> diagnostics: one for each cause, at the key for unknown keys and at the value otherwise, with what
 * would be right. ajv reports a failed alternative once for each branch and once for the whole; only the whole is kept.
 */
import type { ErrorObject } from "ajv/dist/2020.js";
import { nearestName } from "../errors/nearest-name.ts";
import { describePlain, listNames } from "./describe-value.ts";
import type { Problem } from "./diagnostic.ts";
import { allowedValues, branchesOf, describeSchema, isSchema, propertiesOf, type JsonSchema } from "./json-schema.ts";

/** A problem with the config path it belongs to. */
export interface PathProblem {
  readonly path: readonly string[];
  /** What the problem is about: `path`, or the missing key below it. */
  readonly subject: readonly string[];
  /** Whether the key, rather than the value, is to be shown. */
  readonly atKey: boolean;
  readonly problem: Problem;
}

/** @param prefix Path of the value that was checked. */
export function explainErrors(errors: readonly ErrorObject[], prefix: readonly string[]): readonly PathProblem[] {
  const problems = withoutNoise(errors).map((error) => {
    const path = [...prefix, ...pointerSegments(error.instancePath)];
    return explain(error, path);
  });
  return withoutMisspeltTwins(problems);
}

/** A misspelt key is one mistake, although it makes one key unknown and another one missing. */
function withoutMisspeltTwins(problems: readonly PathProblem[]): readonly PathProblem[] {
  const meant = problems.flatMap(({ path, problem }) =>
    problem.code === "UNKNOWN_KEY"
      ? (problem.suggestions ?? []).map((name) => [...path.slice(0, -1), name].join("."))
      : [],
  );
  return problems.filter(
    ({ subject, problem }) => problem.code !== "MISSING_KEY" || !meant.includes(subject.join(".")),
  );
}

/** Drops what only repeats another error: `if`, and the branches of a failed alternative. */
function withoutNoise(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  let kept = errors.filter(({ keyword }) => keyword !== "if" && keyword !== "unevaluatedProperties");
  for (const whole of kept.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf")) {
    const branch = (error: ErrorObject): string | undefined =>
      error !== whole && error.schemaPath.startsWith(`${whole.schemaPath}/`)
        ? error.schemaPath.slice(whole.schemaPath.length + 1).split("/")[0]
        : undefined;
    const inside = kept.filter((error) => branch(error) !== undefined);
    const mistyped = new Set(inside.filter(isAboutWhole(whole)).map(branch));
    const close = [...new Set(inside.map(branch))].filter((name) => !mistyped.has(name));
    // A value that is of one branch's type has that branch's errors; otherwise the whole alternative failed.
    const isOneBranch = close.length === 1;
    kept = kept.filter((error) =>
      isOneBranch ? error !== whole && (branch(error) ?? close[0]) === close[0] : branch(error) === undefined,
    );
  }
  // What is of the wrong type has no size to be out of range (NaN would be).
  const mistyped = new Set(kept.filter(({ keyword }) => keyword === "type").map(({ instancePath }) => instancePath));
  return kept.filter(({ keyword, instancePath }) => keyword === "type" || !mistyped.has(instancePath));
}

function isAboutWhole(whole: ErrorObject): (error: ErrorObject) => boolean {
  return (error) => error.instancePath === whole.instancePath && ["type", "const", "enum"].includes(error.keyword);
}

function explain(error: ErrorObject, path: readonly string[]): PathProblem {
  const schema: JsonSchema = isSchema(error.parentSchema) ? error.parentSchema : {};
  const name = path.at(-1) ?? "the config";
  const received = describePlain(error.data);
  const expected = describeSchema(schema);
  const at = (problem: Problem): PathProblem => ({ path, subject: path, atKey: false, problem });
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(error, path, Object.keys(propertiesOf(schema)));
    case "required":
      return missingKey(error, path, schema);
    case "type":
      return at({
        code: "WRONG_TYPE",
        message: `${name} must be ${describeSchema({ type: schema["type"] })}.`,
        expected,
        received,
        next: adviceFor(error.data, schema),
      });
    case "enum":
    case "const":
    case "anyOf":
    case "oneOf":
      return at(notAllowed(error, schema, name));
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
    case "multipleOf":
      return at({ code: "VALUE_OUT_OF_RANGE", message: `${name} is out of range.`, expected, received });
    default:
      return at({ code: "VALUE_INVALID", message: `${name} ${error.message ?? "is not valid"}.`, expected, received });
  }
}

function unknownKey(error: ErrorObject, parent: readonly string[], known: readonly string[]): PathProblem {
  const params = error.params as { readonly additionalProperty?: unknown };
  const key = String(params.additionalProperty);
  const nearest = nearestName(key, known);
  const place = parent.length === 0 ? "a config" : parent.join(".");
  const problem: Problem = {
    code: "UNKNOWN_KEY",
    message: `There is no key "${key}" in ${place}.`,
    expected: known.length === 0 ? "no further keys" : `one of: ${listNames(known)}`,
    suggestions: nearest === undefined ? undefined : [nearest],
  };
  return { path: [...parent, key], subject: [...parent, key], atKey: true, problem };
}

function missingKey(error: ErrorObject, parent: readonly string[], schema: JsonSchema): PathProblem {
  const params = error.params as { readonly missingProperty?: unknown };
  const key = String(params.missingProperty);
  const property = propertiesOf(schema)[key];
  const place = parent.length === 0 ? "This config" : parent.join(".");
  const description = typeof property?.["description"] === "string" ? property["description"] : undefined;
  return {
    path: parent,
    subject: [...parent, key],
    atKey: true,
    problem: {
      code: "MISSING_KEY",
      message: `${place} has no "${key}", which has no default.`,
      expected: property === undefined ? undefined : `${key}: ${describeSchema(property)}`,
      next: description === undefined ? `add ${key}` : `add ${key}. ${description}`,
    },
  };
}

function notAllowed(error: ErrorObject, schema: JsonSchema, name: string): Problem {
  const received = describePlain(error.data);
  const allowed = allowedValues(schema);
  if (allowed === undefined) {
    const isAlternative = branchesOf(schema).length > 0;
    const message = isAlternative ? `${name} fits none of the forms that it may have.` : `${name} is not valid.`;
    return {
      code: "WRONG_TYPE",
      message,
      expected: describeSchema(schema),
      received,
      next: adviceFor(error.data, schema),
    };
  }
  const names = allowed.map(String);
  const nearest = typeof error.data === "string" ? nearestName(error.data, names) : undefined;
  return {
    code: "VALUE_NOT_ALLOWED",
    message:
      names.length === 1 ? `${name} can only be ${names[0] ?? ""}.` : `${name} cannot be ${plainText(error.data)}.`,
    expected: names.length === 1 ? names[0] : `one of: ${listNames(names)}`,
    received,
    suggestions: nearest === undefined ? undefined : [nearest],
  };
}

/** For values that look right to a human: "1_000", "yes", "8" in quotes. */
function adviceFor(value: unknown, schema: JsonSchema): string | undefined {
  if (typeof value !== "string") return undefined;
  const takes = (type: string): boolean => [schema, ...branchesOf(schema)].some((branch) => branch["type"] === type);
  if (takes("boolean") && /^(y|yes|on|n|no|off)$/i.test(value)) {
    return `write ${/^(y|yes|on)$/i.test(value) ? "true" : "false"}`;
  }
  if (!takes("number") && !takes("integer")) return undefined;
  const bare = value.replaceAll(/[_\s]/g, "");
  if (bare === "" || !Number.isFinite(Number(bare))) return undefined;
  return bare === value ? `remove the quotes: ${bare}` : `write ${bare}`;
}

function plainText(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : describePlain(value);
}

/** "/model/expert/k" -> ["model", "expert", "k"]. */
function pointerSegments(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}
