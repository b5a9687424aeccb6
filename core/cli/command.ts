/**
 * What a command is: data about its words, and one function. Words are parsed here, once and strictly, so that a
 * misspelt flag is an error with the nearest name in every command.
 */
import { parseArgs } from "node:util";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Io } from "./io.ts";

export interface Flag {
  readonly type: "boolean" | "string";
  /** For the help text: "<folder>". */
  readonly value?: string;
  readonly help: string;
}

export interface Words {
  /** Words that are not flags, in order. */
  readonly positionals: readonly string[];
  has(flag: string): boolean;
  /** Value of a string flag. */
  get(flag: string): string | undefined;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** "switchyard run <config> [overrides...]" */
  readonly usage: string;
  /** Further explanation, lines of at most 100 characters. */
  readonly description?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples: readonly string[];
  /** How many words that are not flags: fewest and most. */
  readonly positionals: readonly [fewest: number, most: number];
  /** @returns The exit code. */
  run(words: Words, io: Io): Promise<number>;
}

/** Flags that every command has. */
export const commonFlags: Readonly<Record<string, Flag>> = {
  help: { type: "boolean", help: "Show this help." },
};

/** @throws SwitchyardError UNKNOWN_FLAG, FLAG_VALUE, ARGUMENT_COUNT */
export function parseWords(command: Command, argv: readonly string[]): Words {
  const flags = { ...command.flags, ...commonFlags };
  const { positionals, tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const name = token.rawName === "-h" ? "help" : token.name;
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw unknownFlag(command, token.rawName, Object.keys(flags));
    values.set(name, checkedValue(command, name, flag, token.value));
  }
  if (!values.has("help")) checkCount(command, positionals);
  return {
    positionals,
    has: (flag) => values.has(flag),
    get: (flag) => {
      const value = values.get(flag);
      return typeof value === "string" ? value : undefined;
    },
  };
}

/** What `--help` prints. */
export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.flags, ...commonFlags }).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? "" : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    command.summary,
    "",
    `Usage: ${command.usage}`,
    ...(command.description === undefined ? [] : ["", command.description]),
    "",
    "Flags:",
    ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** A flag whose value is a whole number of at least 1. @throws SwitchyardError FLAG_VALUE */
export function countOf(words: Words, flag: string): number | undefined {
  const text = words.get(flag);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new SwitchyardError("FLAG_VALUE", `--${flag} needs a whole number of at least 1.`, { received: text });
}

/** A flag that a command cannot do without. @throws SwitchyardError FLAG_VALUE */
export function required(words: Words, command: Command, flag: string): string {
  const value = words.get(flag);
  if (value !== undefined) return value;
  throw new SwitchyardError("FLAG_VALUE", `switchyard ${command.name} needs --${flag}.`, {
    expected: command.usage,
    received: "nothing",
    next: `See switchyard ${command.name} --help.`,
  });
}

/** A flag whose value is a whole number of at least 0. @throws SwitchyardError FLAG_VALUE */
export function wholeOf(words: Words, flag: string): number | undefined {
  const text = words.get(flag);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SwitchyardError("FLAG_VALUE", `--${flag} needs a whole number of at least 0.`, { received: text });
}

/** A flag whose value is any number. @throws SwitchyardError FLAG_VALUE */
export function numberOf(words: Words, flag: string): number | undefined {
  const text = words.get(flag);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new SwitchyardError("FLAG_VALUE", `--${flag} needs a number.`, { received: text });
}

/** A flag whose value is one of a few words. @throws SwitchyardError FLAG_VALUE */
export function oneOf<T extends string>(words: Words, flag: string, known: readonly T[]): T | undefined {
  const text = words.get(flag);
  if (text === undefined) return undefined;
  const found = known.find((word) => word === text);
  if (found !== undefined) return found;
  throw new SwitchyardError("FLAG_VALUE", `--${flag} does not know "${text}".`, {
    expected: known.join(" or "),
    received: text,
  });
}

function checkedValue(command: Command, name: string, flag: Flag, value: string | undefined): string | true {
  const usage = `--${name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
  if (flag.type === "boolean") {
    if (value === undefined) return true;
    throw new SwitchyardError("FLAG_VALUE", `--${name} takes no value.`, { expected: usage, received: value });
  }
  // `--runs --json` means that the value was forgotten, not that the folder is called --json.
  if (value !== undefined && value !== "" && !value.startsWith("--")) return value;
  throw new SwitchyardError("FLAG_VALUE", `--${name} needs a value.`, {
    expected: usage,
    received: value ?? "nothing",
    next: `See switchyard ${command.name} --help.`,
  });
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const [fewest, most] = command.positionals;
  if (positionals.length >= fewest && positionals.length <= most) return;
  const missing = positionals.length < fewest;
  throw new SwitchyardError(
    "ARGUMENT_COUNT",
    missing ? `switchyard ${command.name} needs more words.` : `switchyard ${command.name} got too many words.`,
    {
      expected: command.usage,
      received: positionals.length === 0 ? "no words" : positionals.join(" "),
      next: `See switchyard ${command.name} --help.`,
    },
  );
}

function unknownFlag(command: Command, received: string, known: readonly string[]): SwitchyardError {
  const near = nearestName(received.replace(/^-+/, ""), known);
  return new SwitchyardError("UNKNOWN_FLAG", `switchyard ${command.name} has no flag ${received}.`, {
    expected: known.map((name) => `--${name}`).join(", "),
    received,
    next:
      near === undefined
        ? `See switchyard ${command.name} --help.`
        : `Did you mean --${near}? Values of the config are set without dashes: key=value.`,
  });
}
