/** What the harvest bench reports: tokens a second on both sides, in one line of JSON. */
import type { MachineDescription } from "../machine.ts";
import { rounded, summarise, type Summary } from "../samples.ts";
import type { SubjectName } from "./subject.ts";

export interface HarvestRun {
  readonly model: SubjectName;
  /** Of one pass. */
  readonly tokens: number;
  /** Largest difference of an activation from PyTorch's, over the root mean square of all. */
  readonly error: number;
  /** Milliseconds of each pass, in turn. */
  readonly peerMs: readonly number[];
  readonly oursMs: readonly number[];
}

export interface HarvestReport {
  readonly runs: readonly HarvestRun[];
  readonly machine: MachineDescription;
  readonly threads: number;
  readonly device: string;
  readonly versions: Readonly<Record<string, unknown>>;
}

/** Tokens a second, from the median of the passes. */
export function tokensPerSecond({ tokens }: Pick<HarvestRun, "tokens">, passesMs: readonly number[]): number {
  return tokens / (summarise(passesMs).median / 1000);
}

/** Switchyard's tokens a second over PyTorch's. */
export function harvestRatio(run: HarvestRun): number {
  return tokensPerSecond(run, run.oursMs) / tokensPerSecond(run, run.peerMs);
}

/** A JSON value; every model in it has passed its check. */
export function harvestJson({ runs, ...rest }: HarvestReport): unknown {
  const models: Record<string, HarvestEntry> = {};
  for (const run of runs) models[run.model] = entryOf(run);
  return rounded({ bench: "harvest", checked: true, models, ...rest });
}

interface HarvestEntry {
  readonly tokensPerSecond: { readonly ours: number; readonly peer: number };
  readonly ratio: number;
  readonly ms: { readonly ours: Summary; readonly peer: Summary };
  readonly tokensPerPass: number;
  readonly error: number;
}

function entryOf(run: HarvestRun): HarvestEntry {
  return {
    tokensPerSecond: { ours: tokensPerSecond(run, run.oursMs), peer: tokensPerSecond(run, run.peerMs) },
    ratio: harvestRatio(run),
    ms: { ours: summarise(run.oursMs), peer: summarise(run.peerMs) },
    tokensPerPass: run.tokens,
    error: run.error,
  };
}

/** Infinite where lengths differ or a number is none. */
export function errorOverScale(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    squares += (expected[i] ?? 0) ** 2;
  }
  return worst / Math.sqrt(squares / expected.length);
}
