/** JSON Schemas as data, and the few questions that the config room asks of them. */

/** A JSON Schema object; TypeBox schemas are such objects. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const { properties } = schema;
  return isSchema(properties) ? (properties as Readonly<Record<string, JsonSchema>>) : {};
}

export function propertyOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const properties = propertiesOf(schema);
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** Alternatives of an `anyOf` or `oneOf`. */
export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const branches = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(branches) ? branches.filter(isSchema) : [];
}

/** Whether null is a value of its own here, rather than the wish to unset. */
export function acceptsNull(schema: JsonSchema): boolean {
  const { type } = schema;
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  if (schema["const"] === null || (Array.isArray(schema["enum"]) && schema["enum"].includes(null))) return true;
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.some(acceptsNull);
  return ["type", "const", "enum", "x-plugin", "properties", "$ref", "allOf"].every((key) => schema[key] === undefined);
}

/** Names and values that a schema allows, when it lists them. */
export function allowedValues(schema: JsonSchema): readonly unknown[] | undefined {
  if (schema["const"] !== undefined) return [schema["const"]];
  if (Array.isArray(schema["enum"])) return schema["enum"] as readonly unknown[];
  const branches = branchesOf(schema);
  const lists = branches.map(allowedValues);
  if (branches.length === 0 || lists.some((list) => list === undefined)) return undefined;
  return lists.flatMap((list) => list ?? []);
}

/** What a schema expects, in words: "a whole number, at least 1". */
export function describeSchema(schema: JsonSchema): string {
  const allowed = allowedValues(schema);
  if (allowed !== undefined) {
    const texts = allowed.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
    return texts.length === 1 ? (texts[0] ?? "") : `one of: ${texts.join(", ")}`;
  }
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(describeSchema))].join(", or ");
  const types = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]];
  return [types.map(describeType).join(" or "), ...limitsOf(schema)].join(", ");
}

function describeType(type: unknown): string {
  const words: Readonly<Record<string, string>> = {
    integer: "a whole number",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    null: "null",
  };
  return (typeof type === "string" ? words[type] : undefined) ?? "another value";
}

function limitsOf(schema: JsonSchema): readonly string[] {
  const limits: readonly (readonly [string, string])[] = [
    ["minimum", "at least"],
    ["exclusiveMinimum", "above"],
    ["maximum", "at most"],
    ["exclusiveMaximum", "below"],
    ["multipleOf", "a multiple of"],
    ["pattern", "matching"],
  ];
  const texts = limits.flatMap(([keyword, words]) => {
    const limit = schema[keyword];
    return typeof limit === "number" || typeof limit === "string" ? [`${words} ${limit}`] : [];
  });
  if (typeof schema["minLength"] === "number")
    texts.push(schema["minLength"] === 1 ? "not empty" : `${schema["minLength"]} characters or more`);
  if (typeof schema["maxLength"] === "number") texts.push(`${schema["maxLength"]} characters or fewer`);
  if (typeof schema["minItems"] === "number") texts.push(`${schema["minItems"]} items or more`);
  if (typeof schema["maxItems"] === "number") texts.push(`${schema["maxItems"]} items or fewer`);
  return texts;
}
