/**
 * Options of the bench programs: words `name=value` in any order, and `--json`. Every name has a default, and a name
 * that a program does not have is an error.
 */

/** A word that a program does not understand. The message is for the person who typed it. */
export class WordError extends Error {}

export interface Words<Name extends string> {
  /** Whether the program ends with one line of JSON. */
  readonly isJson: boolean;
  text(name: Name): string;
  /** Of values with commas between them. */
  list(name: Name): readonly string[];
  /** @throws WordError unless it is a whole number from 1. */
  count(name: Name): number;
  /** @throws WordError unless all are whole numbers from 1. */
  counts(name: Name): readonly number[];
}

/**
 * @param argv Without the program: `process.argv.slice(2)`.
 * @param initial Every name with its default.
 * @throws WordError
 * @example readWords(["experts=1,16", "--json"], { experts: "1", steps: "7" }).counts("experts"); // [1, 16]
 */
export function readWords<Name extends string>(
  argv: readonly string[],
  initial: Readonly<Record<Name, string>>,
): Words<Name> {
  const values = new Map<string, string>(Object.entries<string>(initial));
  for (const word of argv) {
    if (word === "--json") continue;
    const [name, value] = splitOnce(word);
    if (value === undefined || value === "" || !values.has(name)) throw unknownWord(word, [...values]);
    values.set(name, value);
  }
  const text = (name: Name): string => values.get(name) ?? initial[name];
  const list = (name: Name): readonly string[] => text(name).split(",");
  return {
    isJson: argv.includes("--json"),
    text,
    list,
    count: (name) => parseCount(name, text(name)),
    counts: (name) => list(name).map((value) => parseCount(name, value)),
  };
}

/**
 * Words of a program that has other defaults on a GPU.
 * @param gpu What differs with device=webgpu.
 * @throws WordError
 */
export function readDeviceWords<Name extends string>(
  argv: readonly string[],
  initial: Readonly<Record<Name | "device", string>>,
  gpu: Readonly<Partial<Record<Name, string>>>,
): Words<Name | "device"> {
  const words = readWords(argv, initial);
  return words.text("device") === "webgpu" ? readWords(argv, { ...initial, ...gpu }) : words;
}

/** @throws WordError unless `value` is one of `allowed`. */
export function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new WordError(`${name}: expected one of ${allowed.join(", ")}, received ${value}`);
  return found;
}

function splitOnce(word: string): readonly [string, string?] {
  const at = word.indexOf("=");
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function parseCount(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new WordError(`${name}: expected a whole number from 1, received ${value}`);
}

function unknownWord(word: string, known: readonly (readonly [string, string])[]): WordError {
  const options = known.map(([name, value]) => `  ${name}=${value}`);
  return new WordError(`unknown word "${word}". Options and their defaults:\n${options.join("\n")}\n  --json`);
}
