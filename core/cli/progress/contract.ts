/** What a sweep tells while it runs, and the words that every way of showing it uses. */
import type { RunJob, RunOutcome, SweepEvents } from "../../run/contracts.ts";

export interface Progress extends SweepEvents {
  /** Told how many runs will be executed, before the first. */
  begin(numRuns: number): void;
  /** A line that stays, above the bars where there are bars. */
  note(text: string): void;
  stop(): void;
}

/** One line for a run that ended. */
export function endText(job: RunJob, outcome: RunOutcome): string {
  if (outcome.outcome !== "failed") return `${job.name}: ${outcome.outcome}`;
  return `${job.name}: failed: ${outcome.failure.message.split("\n")[0] ?? outcome.failure.code}`;
}

export function warningText(job: RunJob, message: string): string {
  return `${job.name}: warning: ${message}`;
}

/** Four significant digits, never in a width that jumps about. */
export function lossText(loss: number): string {
  return Number.isFinite(loss) ? loss.toPrecision(4) : String(loss);
}
