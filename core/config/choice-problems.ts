/** What is wrong with the plugins that a run chooses: no such plugin, or options that its schema refuses. */
import { nearestName } from "../errors/nearest-name.ts";
import type { PluginKind } from "../plugin/kinds.ts";
import type { ConfigSchema } from "./config-schema.ts";
import { describePlain, listNames } from "./describe-value.ts";
import { explainErrors, type PathProblem } from "./explain-errors.ts";
import { isPlain, type Choice } from "./fill-defaults.ts";
import { propertyOf } from "./json-schema.ts";
import { slots } from "./slots.ts";

/** Problems of one choice; none when it is right. */
export function choiceProblems({ slot, path, value }: Choice, schema: ConfigSchema): readonly PathProblem[] {
  const { kind } = slot;
  const known = schema.names(kind);
  if (!isPlain(value)) {
    const isWholeList = slot.isList && path.length === slot.path.length;
    const name = path.at(-1) ?? "";
    const message = isWholeList
      ? `${name} is a list of plugins.`
      : `${slot.isList ? `Item ${name} of ${slot.path.join(".")}` : name} names a plugin.`;
    const expected = isWholeList ? `[${known.slice(0, 3).join(", ")}]` : `${articled(kind)}: ${listNames(known)}`;
    return [
      {
        path,
        subject: path,
        atKey: false,
        problem: { code: "WRONG_TYPE", message, expected, received: describePlain(value) },
      },
    ];
  }
  const { type } = value;
  if (type === undefined || type === null) {
    const message = `This ${kind} has no type.`;
    const expected = `type: ${listNames(known)}`;
    return [{ path, subject: [...path, "type"], atKey: true, problem: { code: "MISSING_KEY", message, expected } }];
  }
  if (typeof type !== "string" || !known.includes(type)) return [unknownPlugin(type, kind, path, schema)];
  const problems = explainErrors(schema.checkOptions(kind, type)(value), path);
  return problems.map((found) => withOptionHint(found, kind, type, schema));
}

function unknownPlugin(type: unknown, kind: PluginKind, path: readonly string[], schema: ConfigSchema): PathProblem {
  const known = schema.names(kind);
  const typePath = [...path, "type"];
  if (typeof type !== "string") {
    const problem = {
      code: "WRONG_TYPE",
      message: "type is the name of a plugin.",
      expected: listNames(known),
      received: describePlain(type),
    } as const;
    return { path: typePath, subject: typePath, atKey: false, problem };
  }
  const otherKinds = schema.kindsOf(type);
  const [other] = otherKinds;
  // A name that is right elsewhere is no typing slip.
  const nearest = other === undefined ? nearestName(type, known) : undefined;
  return {
    path: typePath,
    subject: typePath,
    atKey: false,
    problem: {
      code: "PLUGIN_UNKNOWN",
      message: `There is no ${kind} named "${type}".`,
      expected: known.length === 0 ? `no ${kind} is known` : `one of: ${listNames(known)}`,
      received: describePlain(type),
      suggestions: nearest === undefined ? undefined : [nearest],
      next:
        other !== undefined
          ? `"${type}" is ${articled(other)}: write it at ${pathOfKind(other)}`
          : nearest === undefined && known.length > 0
            ? 'a plugin of your own must be listed under "plugins"'
            : undefined,
    },
  };
}

/** An unknown option that another plugin of the kind has: "k" under the expert "relu". */
function withOptionHint(found: PathProblem, kind: PluginKind, type: string, schema: ConfigSchema): PathProblem {
  const option = found.path.at(-1) ?? "";
  if (found.problem.code !== "UNKNOWN_KEY" || found.problem.suggestions !== undefined) return found;
  const owner = schema.names(kind).find((name) => {
    const plugin = schema.plugin(kind, name);
    return name !== type && plugin !== undefined && propertyOf({ ...plugin.options }, option) !== undefined;
  });
  return owner === undefined
    ? found
    : { ...found, problem: { ...found.problem, next: `"${option}" is an option of the ${kind} "${owner}"` } };
}

/** "a router", "an expert". */
export function articled(kind: PluginKind): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** Where plugins of a kind are chosen: "model.expert". */
export function pathOfKind(kind: PluginKind): string {
  return slots.find((slot) => slot.kind === kind)?.path.join(".") ?? kind;
}
