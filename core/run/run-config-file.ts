/** config.yaml of a run folder: the resolved config that the run is built from, not a copy beside it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { RunConfig, ValueSource } from "../config/config.ts";
import { messageOf } from "../errors/switchyard-error.ts";
import { brokenFile, formatJson, isRecord, readJsonNow, replaceText } from "./json-file.ts";
import { runFiles } from "./layout.ts";

/** Writes config.yaml and config.sources.json. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export function writeRunConfig(folder: string, config: RunConfig, sources: ReadonlyMap<string, ValueSource>): void {
  const heading = "# The resolved config of this run; config.sources.json says where each value comes from.\n";
  replaceText(join(folder, runFiles.config), heading + stringify(config, { lineWidth: 120 }));
  replaceText(join(folder, runFiles.sources), formatJson(Object.fromEntries(sources)));
}

/** @throws SwitchyardError RUN_FOLDER_BROKEN */
export function readRunConfig(folder: string): RunConfig {
  const file = join(folder, runFiles.config);
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw brokenFile(file, messageOf(error), error);
  }
  if (!isRunConfig(value)) throw brokenFile(file, "no resolved config");
  return value;
}

/** Config path -> where its value came from; empty when the file is missing. @throws SwitchyardError RUN_FOLDER_BROKEN */
export function readConfigSources(folder: string): ReadonlyMap<string, ValueSource> {
  const value = readJsonNow(join(folder, runFiles.sources));
  if (!isRecord(value)) return new Map();
  return new Map(Object.entries(value).filter((entry): entry is [string, ValueSource] => isValueSource(entry[1])));
}

/** "configs/a.yaml:14:11", "command line (seed=1)", "default": for messages. */
export function describeSource(source: ValueSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  if (source.line !== undefined) return `${source.origin}:${source.line}:${source.column ?? 1}`;
  return source.word === undefined ? source.origin : `${source.origin} (${source.word})`;
}

const sections = ["device", "source", "model", "training", "evaluation", "executor", "report"];
const lists = ["plugins", "losses", "trackers"];

/** Switchyard wrote the file from a checked config; this tells a cut or foreign file from it. */
function isRunConfig(value: unknown): value is RunConfig {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["seed"] === "number" &&
    sections.every((name) => isRecord(value[name])) &&
    lists.every((name) => Array.isArray(value[name]))
  );
}

function isValueSource(value: unknown): value is ValueSource {
  return isRecord(value) && typeof value["origin"] === "string";
}
