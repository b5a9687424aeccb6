/**
 * `switchyard <command>`: finds the command, hands it its words, and turns whatever is thrown into a message and an
 * exit code. 0: fine; 1: runs failed or something broke; 2: wrong config or words; 130: interrupted.
 */
import { ConfigError } from "../config/diagnostic.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { packageVersion } from "../package-root.ts";
import { failureOf, stackOf } from "../run/failure.ts";
import { helpOf, parseWords } from "./command.ts";
import type { Command } from "./command.ts";
import { endQuietlyOnClosedPipe, processIo } from "./io.ts";
import type { Io } from "./io.ts";

/** Each is imported when it is used, so that a quick command starts quickly. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  plan: async () => (await import("./commands/plan.ts")).plan,
  status: async () => (await import("./commands/status.ts")).status,
  compare: async () => (await import("./commands/compare.ts")).compare,
  similarity: async () => (await import("./commands/similarity.ts")).similarity,
  report: async () => (await import("./commands/report.ts")).report,
  features: async () => (await import("./commands/features.ts")).features,
  steer: async () => (await import("./commands/steer.ts")).steer,
  diagnose: async () => (await import("./commands/diagnose.ts")).diagnose,
  import: async () => (await import("./commands/import.ts")).importSae,
  export: async () => (await import("./commands/export.ts")).exportRun,
  plugins: async () => (await import("./commands/plugins.ts")).plugins,
  schema: async () => (await import("./commands/schema.ts")).schema,
  tune: async () => (await import("./commands/tune.ts")).tune,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  new: async () => (await import("./commands/new.ts")).newPlugin,
  explain: async () => (await import("./commands/explain.ts")).explain,
};

/** Codes of errors in what the user wrote, not in what then happened. */
const usageCodes: readonly string[] = [
  "UNKNOWN_COMMAND",
  "UNKNOWN_FLAG",
  "FLAG_VALUE",
  "ARGUMENT_COUNT",
  "RUN_NOT_NAMED",
  "UNKNOWN_CODE",
  "SCAFFOLD_KIND",
  "SCAFFOLD_NAME",
];

/** @returns The exit code; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    if (error instanceof ConfigError) {
      io.err(`${error.message}\n`);
      return 2;
    }
    io.err(`${describeError(error, io)}\n`);
    return error instanceof SwitchyardError && usageCodes.includes(error.code) ? 2 : 1;
  }
}

/** For the launcher: the whole process. */
export async function runProcess(): Promise<void> {
  endQuietlyOnClosedPipe();
  process.exitCode = await main(process.argv.slice(2), processIo());
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const topic = name === "help" ? rest[0] : undefined;
    io.out(topic === undefined ? await overview() : helpOf(await find(topic)));
    return 0;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    io.out(`${packageVersion()}\n`);
    return 0;
  }
  const command = await find(name);
  const words = parseWords(command, rest);
  if (words.has("help")) {
    io.out(helpOf(command));
    return 0;
  }
  return command.run(words, io);
}

async function find(name: string): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load !== undefined) return load();
  const near = nearestName(name, Object.keys(commands));
  throw new SwitchyardError("UNKNOWN_COMMAND", `There is no command "${name}".`, {
    expected: Object.keys(commands).join(", "),
    received: name,
    next: near === undefined ? "See switchyard help." : `Did you mean switchyard ${near}?`,
  });
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...all.map(({ name }) => name.length));
  return [
    "Switchyard trains and compares Switch Sparse Autoencoders from YAML files.",
    "",
    "Usage: switchyard <command> [words...]",
    "",
    "Commands:",
    ...all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "switchyard <command> --help says more about one; switchyard --version prints the version.",
    "Exit codes: 0 fine, 1 a run failed, 2 a wrong config or command line, 130 interrupted.",
    "",
  ].join("\n");
}

/** One message without a stack; the stack only for those who ask for it. */
function describeError(error: unknown, io: Io): string {
  if (io.env["SWITCHYARD_DEBUG"] === "1") return stackOf(error);
  const { code, message } = failureOf(error);
  if (code !== "INTERNAL") return message;
  const line = message.split("\n")[0] ?? "";
  return `Something unforeseen went wrong: ${line}${line.includes("[INTERNAL]") ? "" : " [INTERNAL]"}\n  next      Set SWITCHYARD_DEBUG=1 to see the stack, and report it.`;
}
