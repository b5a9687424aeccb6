/**
 * features.jsonl and features.json of a run folder: written once, read line by line, so that a dictionary of any width
 * can be searched in little memory.
 */
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeAtomically } from "../data/atomic-file.ts";
import { readError } from "../data/file-errors.ts";
import { messageOf } from "../errors/switchyard-error.ts";
import { brokenFile, isRecord, readJsonNow, writeJson } from "../run/json-file.ts";
import { runFiles } from "../run/layout.ts";
import type { FeatureIndex } from "./build-feature-index.ts";
import type { FeatureIndexInfo, FeatureRecord } from "./feature-record.ts";

const linesAtOnce = 256;

/** @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE; there is then no index. */
export async function writeFeatureIndex(runFolder: string, index: FeatureIndex): Promise<void> {
  const infoFile = join(runFolder, runFiles.featuresInfo);
  // The info vouches for the lines: it goes first and comes last.
  await rm(infoFile, { force: true });
  await writeAtomically(join(runFolder, runFiles.features), async (handle) => {
    let lines: string[] = [];
    for await (const record of index.records()) {
      lines.push(`${JSON.stringify(record)}\n`);
      if (lines.length < linesAtOnce) continue;
      await handle.writeFile(lines.join(""));
      lines = [];
    }
    await handle.writeFile(lines.join(""));
  });
  await writeJson(infoFile, index.info);
}

/** @returns `undefined` when the run's features were not looked at yet. @throws SwitchyardError RUN_FOLDER_BROKEN */
export function readFeatureInfo(runFolder: string): FeatureIndexInfo | undefined {
  const file = join(runFolder, runFiles.featuresInfo);
  const value = readJsonNow(file);
  if (value === undefined) return undefined;
  if (!isInfo(value)) throw brokenFile(file, "no description of features.jsonl");
  return value;
}

/** Every feature, in order. @throws SwitchyardError RUN_FOLDER_BROKEN, FILE_MISSING */
export async function* readFeatures(runFolder: string): AsyncGenerator<FeatureRecord> {
  const file = join(runFolder, runFiles.features);
  let number = 0;
  const input = createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      yield parseLine(file, number, line);
    }
  } catch (error) {
    throw readError(file, error);
  } finally {
    input.destroy();
  }
}

function parseLine(file: string, number: number, line: string): FeatureRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw brokenFile(`${file}:${number}`, messageOf(error), error);
  }
  if (!isFeature(value)) throw brokenFile(`${file}:${number}`, "no feature");
  return value;
}

function isFeature(value: unknown): value is FeatureRecord {
  return (
    isRecord(value) &&
    ["feature", "expert", "density", "rows", "mean", "max"].every((field) => typeof value[field] === "number") &&
    ["sameExpert", "otherExpert", "examples"].every((field) => Array.isArray(value[field]))
  );
}

function isInfo(value: unknown): value is FeatureIndexInfo {
  return (
    isRecord(value) &&
    value["format"] === 1 &&
    ["step", "features", "experts", "silent", "rows"].every((field) => typeof value[field] === "number") &&
    isRecord(value["settings"])
  );
}
