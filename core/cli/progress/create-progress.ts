/**
 * What a sweep shows while it runs, on standard error: bars on a terminal, a line now and then elsewhere, or only
 * what went wrong with `--quiet`.
 */
import type { Io } from "../io.ts";
import { endText, warningText } from "./contract.ts";
import type { Progress } from "./contract.ts";

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
