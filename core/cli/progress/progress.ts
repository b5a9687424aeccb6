/**
 * What a sweep shows while it runs, on standard error: bars on a terminal, a line now and then elsewhere, or only
 * what went wrong with `--quiet`.
 */
import type { RunJob, RunOutcome, SweepEvents } from "../../run/contracts.ts";
import type { Io } from "../io.ts";

export interface Progress extends SweepEvents {
  /** Told how many runs will be executed, before the first. */
  begin(numRuns: number): void;
  /** A line that stays, above the bars where there are bars. */
  note(text: string): void;
  stop(): void;
}

/** Bars are loaded only where they can be shown. */
export async function createProgress(io: Io, isQuiet: boolean): Promise<Progress> {
  if (isQuiet) return quietProgress(io);
  if (io.isTerminal) return (await import("./bars.ts")).barProgress(io);
  return (await import("./lines.ts")).lineProgress(io);
}

function quietProgress(io: Io): Progress {
  return {
    sourceProgress: () => undefined,
    sourceReady: () => undefined,
    runStarted: () => undefined,
    runEvent: (job, event) => {
      if (event.type === "warning") io.err(`${warningText(job, event.message)}\n`);
    },
    runEnded: (job, outcome) => {
      if (outcome.outcome === "failed") io.err(`${endText(job, outcome)}\n`);
    },
    begin: () => undefined,
    note: () => undefined,
    stop: () => undefined,
  };
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
