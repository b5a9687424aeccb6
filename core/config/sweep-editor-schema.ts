/** The `sweep:` block for editors. What it means, and the checks with positions, are in core/sweep. */
import type { JsonSchema } from "./json-schema.ts";

const spacing: JsonSchema = {
  type: "object",
  properties: {
    min: { type: "number", description: "First value." },
    max: { type: "number", description: "Last value." },
    num: { type: "integer", minimum: 1, description: "How many values." },
    scale: { enum: ["linear", "log"], default: "linear", description: "How the values are spaced." },
  },
  required: ["min", "max", "num"],
  additionalProperties: false,
};

const range: JsonSchema = { type: "string", pattern: "^(range|linspace|logspace)\\(" };
const axis: JsonSchema = { anyOf: [{ type: "array", minItems: 1 }, spacing, range] };
const axes: JsonSchema = { type: "object", additionalProperties: axis };
const patterns: JsonSchema = { type: "array", items: { type: "object" } };

export const sweepEditorSchema: JsonSchema = {
  description: "The runs that this config asks for.",
  type: ["object", "null"],
  properties: {
    grid: { ...axes, description: "Path -> values; every combination becomes a run." },
    zip: { type: "array", items: axes, description: "Groups of axes of equal length that move together." },
    exclude: { ...patterns, description: "Runs to leave out: path -> value." },
    include: { ...patterns, description: "Extra runs: path -> value." },
    seeds: {
      description: "Seeds of the replicates: a list, or how many.",
      anyOf: [{ type: "integer", minimum: 1 }, { type: "array", minItems: 1, items: { type: "integer" } }, range],
    },
    match: {
      enum: ["width", "flops"],
      default: "width",
      description:
        "width: model.features is the total. flops: it is the dense baseline's, and every run gets as many features " +
        "as cost the same (times experts / selected experts).",
    },
  },
  additionalProperties: false,
};
