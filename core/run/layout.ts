/**
 * Where everything of a run lies. The one place that knows these names; docs/run-folder.md describes them for people.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Version of the layout, in run.json. A folder of another version is read by nobody and overwritten by nobody. */
export const runFormat = 1;

export const runFiles = {
  config: "config.yaml",
  sources: "config.sources.json",
  record: "run.json",
  provenance: "provenance.json",
  metrics: "metrics.jsonl",
  evaluation: "evaluation.json",
  features: "features.jsonl",
  featuresInfo: "features.json",
} as const;

export const attemptFiles = {
  start: "start.json",
  log: "log.txt",
  exit: "exit.json",
  diff: "diff.patch",
  profile: "profile.json",
} as const;

/** `runs/<sweep>/<slug>-<id8>/attempts` */
export function attemptsFolder(runFolder: string): string {
  return join(runFolder, "attempts");
}

/** @param attempt Counted from 1. */
export function attemptFolder(runFolder: string, attempt: number): string {
  return join(attemptsFolder(runFolder), String(attempt));
}

/** The attempts' log of an attempt. */
export function logFile(runFolder: string, attempt: number): string {
  return join(attemptFolder(runFolder, attempt), attemptFiles.log);
}

export function checkpointsFolder(runFolder: string): string {
  return join(runFolder, "checkpoints");
}

/** What training recorded of the routing; a file a moment, named as checkpoints are. */
export function routingFolder(runFolder: string): string {
  return join(runFolder, "routing");
}

/** "step-00000600.safetensors": sorts by step. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

/** The step of a checkpoint's file name; undefined for other files. */
export function stepOfCheckpoint(name: string): number | undefined {
  const digits = /^step-(\d{8,})\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Numbers of the attempts made so far, ascending. */
export function listAttempts(runFolder: string): readonly number[] {
  return namesIn(attemptsFolder(runFolder))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Steps of the checkpoints that exist, newest first. */
export function listCheckpoints(runFolder: string): readonly number[] {
  return namesIn(checkpointsFolder(runFolder))
    .flatMap((name) => stepOfCheckpoint(name) ?? [])
    .sort((a, b) => b - a);
}

/** Names in a folder; none when there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}
