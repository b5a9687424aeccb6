/**
 * Options that satisfy a plugin's schema, for a plugin that is tested without any given: defaults, and a small value
 * where something is required. Authors pass their own where that guess makes no sense.
 */
interface OptionSchema {
  readonly type?: unknown;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly OptionSchema[];
}

/** Enough experts to tell them apart, few enough to stay small. */
const smallCount = 4;

/** @param schema Of an object. @param given Values that are taken as they are. */
export function exampleOptions(
  schema: object,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { properties = {}, required = [] }: OptionSchema = schema;
  const options: Record<string, unknown> = { ...given };
  for (const [name, property] of Object.entries(properties)) {
    if (name in options) continue;
    if (property.default !== undefined) options[name] = property.default;
    else if (required.includes(name)) options[name] = exampleOf(property, name);
  }
  return options;
}

function exampleOf(schema: OptionSchema, name: string): unknown {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  const clamp = (value: number): number => Math.min(Math.max(value, minimum), maximum);
  if (schema.examples?.[0] !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.[0] !== undefined) return schema.enum[0];
  if (schema.anyOf?.[0] !== undefined) return exampleOf(schema.anyOf[0], name);
  switch (schema.type) {
    case "integer":
      return clamp(smallCount);
    case "number":
      return clamp(0.5);
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return exampleOptions(schema);
    default:
      throw new Error(`the option "${name}" is required and has no obvious example: pass options to the suite`);
  }
}
