/** The options of a schema as rows of text: what the terminal and the generated reference both show. */
import type { TObject } from "typebox";

export interface OptionRow {
  readonly name: string;
  readonly type: string;
  /** The default as JSON, "required", or "none". */
  readonly fallback: string;
  readonly description: string;
}

export function optionRows(options: TObject): readonly OptionRow[] {
  const required = requiredOf(options);
  return Object.entries(options.properties).map(([name, schema]) => ({
    name,
    type: typeText(schema),
    fallback: defaultText(schema, required.has(name)),
    description: textOf(schema, "description"),
  }));
}

/** An object without required properties may lack the list. */
function requiredOf(options: object): ReadonlySet<unknown> {
  const list: unknown = Reflect.get(options, "required");
  return new Set(Array.isArray(list) ? (list as unknown[]) : []);
}

function typeText(schema: object): string {
  const alternatives = "anyOf" in schema && Array.isArray(schema.anyOf) ? (schema.anyOf as unknown[]) : undefined;
  if (alternatives !== undefined) return alternatives.map((one) => (isObject(one) ? typeText(one) : "?")).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if ("enum" in schema && Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
  const kind = textOf(schema, "x-plugin");
  const type = textOf(schema, "type");
  if (kind !== "") return type === "array" ? `list of ${kind} plugins` : `${kind} plugin`;
  if (type === "array" && "items" in schema && isObject(schema.items)) return `list of ${typeText(schema.items)}`;
  return `${type}${limitText(schema)}`;
}

function limitText(schema: object): string {
  const limits = [
    ["minimum", ">="],
    ["exclusiveMinimum", ">"],
    ["maximum", "<="],
    ["exclusiveMaximum", "<"],
  ].flatMap(([key = "", sign = ""]) => {
    const limit: unknown = Reflect.get(schema, key);
    return typeof limit === "number" ? [`${sign} ${limit}`] : [];
  });
  return limits.length === 0 ? "" : ` ${limits.join(", ")}`;
}

function defaultText(schema: object, isRequired: boolean): string {
  if ("default" in schema) return JSON.stringify(schema.default);
  return isRequired ? "required" : "none";
}

function textOf(schema: object, key: string): string {
  const value: unknown = Reflect.get(schema, key);
  return typeof value === "string" ? value : "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
