/** One axis of a sweep: a config path and its values, from a list, `{min, max, num, scale}` or a range call. */
import { describeValue } from "../config/describe-value.ts";
import type { Problem } from "../config/diagnostic.ts";
import { scalarNode, type ConfigNode, type MapNode } from "../config/node.ts";
import type { Span } from "../config/positions.ts";
import { maxAxisValues, readRangeCall, spaced } from "../config/ranges.ts";
import { nearestName } from "../errors/nearest-name.ts";

export interface Axis {
  readonly path: string;
  readonly values: readonly ConfigNode[];
  /** Where the path was written. */
  readonly keySpan: Span;
}

export interface AxisFault {
  readonly problem: Problem;
  readonly span: Span;
}

const forms = "a list such as [8, 16, 32], or { min: 1e-4, max: 1e-3, num: 3, scale: log }";

/** @param keySpan Where the axis's path was written. */
export function readAxis(path: string, node: ConfigNode, keySpan: Span): Axis | AxisFault {
  const span = node.span ?? keySpan;
  if (path === "" || path.split(".").includes("")) {
    const message = `"${path}" is no path of a config.`;
    return { problem: { code: "SWEEP_SYNTAX", message, expected: "a path such as model.expert.k" }, span: keySpan };
  }
  const values = valuesOf(node, span);
  if (!("length" in values)) return values;
  if (values.length === 0) {
    const message = `The axis ${path} has no value.`;
    return {
      problem: {
        code: "SWEEP_EMPTY_AXIS",
        message,
        expected: "at least one value",
        next: "add a value or remove the axis",
      },
      span,
    };
  }
  if (values.length > maxAxisValues) {
    const problem = {
      code: "SWEEP_TOO_LARGE",
      message: `An axis has ${maxAxisValues} values at most.`,
      received: `${values.length} values`,
    } as const;
    return { problem, span };
  }
  return { path, values, keySpan };
}

function valuesOf(node: ConfigNode, span: Span): readonly ConfigNode[] | AxisFault {
  if (node.kind === "list") return node.items;
  if (node.kind === "map") return spacedValues(node, span);
  const numbers = typeof node.value === "string" ? readRangeCall(node.value) : undefined;
  if (typeof numbers === "string") return { problem: { code: "SWEEP_SYNTAX", message: numbers }, span };
  if (numbers !== undefined) return numbers.map((value) => scalarNode(value, span));
  const isCutRange = typeof node.value === "string" && /^(range|linspace|logspace)\(/.test(node.value);
  const problem: Problem = {
    code: "SWEEP_SYNTAX",
    message: "An axis needs a list of values.",
    expected: forms,
    received: describeValue(node),
    next: isCutRange ? 'inside { } a comma ends the value: quote it, "range(0,3)"' : undefined,
  };
  return { problem, span };
}

const spacingKeys = ["min", "max", "num", "scale"];

function spacedValues(node: MapNode, span: Span): readonly ConfigNode[] | AxisFault {
  for (const [key, entry] of node.entries) {
    if (spacingKeys.includes(key)) continue;
    const nearest = nearestName(key, spacingKeys);
    const problem: Problem = {
      code: "SWEEP_SYNTAX",
      message: `An axis written as a map has min, max, num and scale, and no "${key}".`,
      expected: forms,
      suggestions: nearest === undefined ? undefined : [nearest],
      next: "write paths with dots: model.expert.k: [8, 16]",
    };
    return { problem, span: entry.keySpan ?? span };
  }
  const read = (key: string): unknown => {
    const value = node.entries.get(key)?.value;
    return value?.kind === "scalar" ? value.value : undefined;
  };
  const [min, max, num, scale = "linear"] = spacingKeys.map(read);
  if (
    typeof min !== "number" ||
    typeof max !== "number" ||
    typeof num !== "number" ||
    (scale !== "linear" && scale !== "log")
  ) {
    const problem = {
      code: "SWEEP_SYNTAX",
      message: "An axis written as a map needs the numbers min, max and num.",
      expected: forms,
    } as const;
    return { problem, span };
  }
  const numbers = spaced({ min, max, num, scale });
  if (typeof numbers === "string") return { problem: { code: "SWEEP_SYNTAX", message: numbers }, span };
  return numbers.map((value) => scalarNode(value, span));
}
