/** The JSON config beside foreign weights, read key by key: what is missing or absurd is named with file and key. */
import { readFile } from "node:fs/promises";
import { atByte, readError } from "../data/file-errors.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";

type Values = Readonly<Record<string, unknown>>;

export class ForeignConfig {
  /** For messages: the file, and where in it. */
  readonly where: string;
  readonly #values: Values;

  constructor(where: string, values: Values) {
    this.where = where;
    this.#values = values;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#values);
  }

  raw(key: string): unknown {
    return this.#values[key] ?? undefined;
  }

  /** An object inside; an empty one where there is none. @throws SwitchyardError FOREIGN_CONFIG */
  inner(key: string): ForeignConfig {
    const value = this.raw(key) ?? {};
    if (!isObject(value)) throw this.wrong(key, "an object");
    return new ForeignConfig(`${this.where}, ${key}`, value);
  }

  /** A whole number of at least 1. @throws SwitchyardError FOREIGN_CONFIG */
  count(key: string): number {
    const value = this.raw(key);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
    throw this.wrong(key, "a whole number of at least 1");
  }

  /** @throws SwitchyardError FOREIGN_CONFIG */
  number(key: string): number {
    const value = this.raw(key);
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong(key, "a number");
  }

  /** @throws SwitchyardError FOREIGN_CONFIG */
  flag(key: string, whenMissing: boolean): boolean {
    const value = this.raw(key) ?? whenMissing;
    if (typeof value === "boolean") return value;
    throw this.wrong(key, "true or false");
  }

  /** @throws SwitchyardError FOREIGN_CONFIG */
  text(key: string, whenMissing?: string): string {
    const value = this.raw(key) ?? whenMissing;
    if (typeof value === "string") return value;
    throw this.wrong(key, "a text");
  }

  wrong(key: string, expected: string, next?: string): SwitchyardError {
    const value = this.raw(key);
    return new SwitchyardError("FOREIGN_CONFIG", `The config says nothing usable as "${key}".`, {
      where: `${this.where}, ${key}`,
      expected,
      received: value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100),
      next: next ?? `Set "${key}" in that file to what the autoencoder was trained with.`,
    });
  }

  /** For what the library knows and no model here does. */
  unsupported(key: string, expected: string): SwitchyardError {
    return new SwitchyardError(
      "FOREIGN_UNSUPPORTED",
      "This sparse autoencoder does something that no model here does.",
      {
        where: `${this.where}, ${key}`,
        expected,
        received: this.has(key) ? JSON.stringify(this.raw(key)) : "nothing",
        next: "See docs/interchange.md for what is understood of each library.",
      },
    );
  }
}

/** @throws SwitchyardError FILE_MISSING, FILE_UNREADABLE, FOREIGN_CONFIG with the byte where it is no JSON */
export async function readForeignConfig(file: string): Promise<ForeignConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw readError(file, error);
  }
  return new ForeignConfig(file, parse(file, text));
}

function parse(file: string, text: string): Values {
  let received = "another value";
  let byte = 0;
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    cause = error;
    received = messageOf(error);
    byte = Buffer.byteLength(text.slice(0, Number(/position (\d+)/.exec(received)?.[1] ?? 0)));
  }
  throw new SwitchyardError("FOREIGN_CONFIG", "The config is no JSON object.", {
    where: atByte(file, byte),
    expected: "a JSON object, as the library writes it",
    received,
    next: "Get the file again.",
    cause,
  });
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
