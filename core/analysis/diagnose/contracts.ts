/** What a failure signature is: a pure look at what a run left behind, with the numbers that it judged by. */
import type { Failure } from "../../run/attempts.ts";
import type { RunSummary } from "../../run/run-summary.ts";

/** `note`: worth knowing; `warning`: the result suffers; `problem`: the result is not what was meant. */
export type Severity = "note" | "warning" | "problem";

/** A run with how its attempts failed, if any did; the last of them may have succeeded. */
export interface DiagnosedRun {
  readonly run: RunSummary;
  readonly failures: readonly Failure[];
}

export interface Threshold {
  readonly value: number;
  /** Where the value comes from: a measurement, the paper, or a judgement. */
  readonly why: string;
}

/** A value of the config to change. */
export interface Change {
  /** As an override names it: "losses.load-balance.weight". */
  readonly key: string;
  /** `undefined`: it is not there. */
  readonly from: unknown;
  readonly to: unknown;
  readonly why: string;
}

export interface Observation {
  readonly severity: Severity;
  /** One sentence, with the numbers that matter. */
  readonly summary: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** Most promising first. */
  readonly changes: readonly Change[];
}

export type Look =
  | ({ readonly kind: "seen" } & Observation)
  | { readonly kind: "clear" }
  /** The run left too little behind to tell. */
  | { readonly kind: "unknown"; readonly missing: string };

export interface Signature {
  /** "collapsed-routing" */
  readonly name: string;
  readonly title: string;
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /**
   * Pure: same runs, same answer.
   * @param sweep All runs that this one can be compared with, itself among them.
   */
  look(diagnosed: DiagnosedRun, sweep: readonly DiagnosedRun[]): Look;
}

export interface Finding extends Observation {
  readonly signature: string;
  readonly thresholds: Readonly<Record<string, number>>;
}

export const clear: Look = { kind: "clear" };

export function unknown(missing: string): Look {
  return { kind: "unknown", missing };
}

export function seen(observation: Observation): Look {
  return { kind: "seen", ...observation };
}
