/**
 * metrics.jsonl: one line a logged step, append-only. A process killed while writing leaves a torn last line; readers
 * ignore it, and the next attempt cuts it off before it appends.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeError } from "../data/file-errors.ts";
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import type { StepRecord } from "../training/contracts.ts";
import { isMissing, isRecord } from "./json-file.ts";

export interface MetricsWriter {
  /** Appends one line, in one write. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
  append(record: StepRecord): void;
  close(): void;
}

const longestLineBytes = 1 << 20;

/** Opens the file for appending; a torn last line is removed. @throws SwitchyardError DISK_FULL, FILE_UNWRITABLE */
export function openMetrics(file: string): MetricsWriter {
  const descriptor = openForAppend(file);
  return {
    append: (record) => {
      try {
        writeSync(descriptor, `${JSON.stringify(record)}\n`);
      } catch (error) {
        throw writeError(file, error);
      }
    },
    close: () => {
      closeSync(descriptor);
    },
  };
}

function openForAppend(file: string): number {
  try {
    const descriptor = openSync(file, "a+");
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(Math.min(size, longestLineBytes));
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
    const tornBytes = tail.length - (tail.lastIndexOf(0x0a) + 1);
    if (tornBytes > 0) ftruncateSync(descriptor, size - tornBytes);
    return descriptor;
  } catch (error) {
    throw writeError(file, error);
  }
}

/**
 * Reads the logged steps in order. A resumed run logs some steps again: the later line counts.
 * @throws SwitchyardError METRICS_BROKEN for an unreadable line that is not the torn last one
 */
export async function readMetrics(file: string): Promise<readonly StepRecord[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const byStep = new Map<number, StepRecord>();
  // What follows the last newline is torn, or empty.
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const record = parseLine(file, index + 1, line);
    byStep.set(record.step, record);
  }
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}

/** JSON writes a number that is not finite as null; it comes back as not-a-number. */
function parseLine(file: string, line: number, text: string): StepRecord {
  let received = text.slice(0, 80);
  try {
    const value: unknown = JSON.parse(text, (_key, field: unknown) => (field === null ? Number.NaN : field));
    if (isStepRecord(value)) return value;
  } catch (error) {
    received = messageOf(error);
  }
  throw new SwitchyardError("METRICS_BROKEN", "A line of metrics.jsonl is not a step record.", {
    where: `${file}:${line}`,
    expected: "a JSON object with step, rows, loss and losses",
    received,
    next: "Remove this line; everything else is kept.",
  });
}

function isStepRecord(value: unknown): value is StepRecord {
  return (
    isRecord(value) &&
    ["step", "rows", "loss", "learningRate", "gradientNorm", "stepMs"].every(
      (field) => typeof value[field] === "number",
    ) &&
    isRecord(value["losses"])
  );
}
