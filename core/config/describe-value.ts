/** Values in the words of a message: short, and with their type, as "8" and 8 look alike to a tired reader. */
import { toPlain, type ConfigNode } from "./node.ts";

const maxLength = 60;

/** A written value, such as `"abc" (text)` or `a list of 3`. */
export function describeValue(value: ConfigNode): string {
  return describePlain(toPlain(value));
}

export function describePlain(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `${short(JSON.stringify(value))} (text)`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty map" : `a map with ${short(keys.slice(0, 5).join(", "))}`;
  }
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** Names for a message: at most eight, the rest counted. */
export function listNames(names: readonly string[], maxNames = 8): string {
  const shown = names.slice(0, maxNames).join(", ");
  return names.length > maxNames ? `${shown} and ${names.length - maxNames} more` : shown;
}

function short(text: string): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 3)}...`;
}
