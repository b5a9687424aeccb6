/** For a key that nobody knows where it stands: is it known elsewhere? `learningRate` at the top, `top-k` as a key. */
import { nearestName } from "../errors/nearest-name.ts";
import { articled, pathOfKind } from "./choice-problems.ts";
import type { ConfigSchema } from "./config-schema.ts";
import { listNames } from "./describe-value.ts";
import type { PathProblem } from "./explain-errors.ts";
import { isPlain } from "./fill-defaults.ts";
import { propertiesOf, type JsonSchema } from "./json-schema.ts";
import { slots } from "./slots.ts";

/** @param config The run's values, whose plugins' options are searched too. */
export function withKeyHint(found: PathProblem, config: unknown, schema: ConfigSchema): PathProblem {
  const { problem, path } = found;
  if (problem.code === "MISSING_KEY") return withChoices(found, schema);
  if (problem.code !== "UNKNOWN_KEY" || problem.suggestions !== undefined || problem.next !== undefined) return found;
  const key = path.at(-1) ?? "";
  const kind = schema.kindsOf(key)[0];
  if (kind !== undefined) {
    return {
      ...found,
      problem: { ...problem, next: `"${key}" is ${articled(kind)}: write it at ${pathOfKind(kind)}` },
    };
  }
  // The config holds the unknown key too: it must not be its own suggestion.
  const elsewhere = leafPaths(config, "").filter((known) => known !== path.join("."));
  const paths = [...corePaths(schema.core, ""), ...elsewhere];
  const leaves = new Map(paths.map((known) => [known.split(".").at(-1) ?? known, known]));
  const leaf = leaves.has(key) ? key : nearestName(key, leaves.keys());
  const suggestion = leaf === undefined ? undefined : leaves.get(leaf);
  return suggestion === undefined ? found : { ...found, problem: { ...problem, suggestions: [suggestion] } };
}

/** A missing plugin: which there are. */
function withChoices(found: PathProblem, schema: ConfigSchema): PathProblem {
  const missing = found.subject.join(".");
  const slot = slots.find(({ path }) => path.join(".") === missing);
  if (slot === undefined) return found;
  const expected = `${slot.path.at(-1) ?? ""}: ${articled(slot.kind)}, one of: ${listNames(schema.names(slot.kind))}`;
  return { ...found, problem: { ...found.problem, expected } };
}

function corePaths(schema: JsonSchema, prefix: string): readonly string[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [path, ...corePaths(property, path)];
  });
}

function leafPaths(value: unknown, prefix: string): readonly string[] {
  if (!isPlain(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return isPlain(item) ? leafPaths(item, path) : prefix === "" ? [] : [path];
  });
}
