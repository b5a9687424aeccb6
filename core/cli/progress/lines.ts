/** Progress where nothing can be redrawn (a pipe, a log file): a line every few seconds, and one for every end. */
import type { RunJob } from "../../run/contracts.ts";
import type { Io } from "../io.ts";
import { formatSeconds } from "../units.ts";
import { endText, lossText, warningText } from "./contract.ts";
import type { Progress } from "./contract.ts";

const everyMs = 3000;

/** @param now Milliseconds of a clock, for tests. */
export function lineProgress(io: Io, now: () => number = () => performance.now()): Progress {
  const started = now();
  const running = new Map<string, { readonly name: string; text: string }>();
  let numRuns = 0;
  let numEnded = 0;
  let lastLine = started;
  const write = (text: string): void => {
    lastLine = now();
    io.err(`[${formatSeconds((lastLine - started) / 1000)}] ${text}\n`);
  };
  const isDue = (): boolean => now() - lastLine >= everyMs;
  const update = (job: RunJob, text: string): void => {
    running.set(job.id, { name: job.name, text });
    if (!isDue()) return;
    const all = [...running.values()].map((run) => `${run.name} ${run.text}`);
    write(`${numEnded}/${numRuns} runs ended; ${all.join("; ")}`);
  };
  const totals = new Map<string, number>();
  return {
    sourceProgress: (_source, done, total, what) => {
      if (isDue() || done >= total) write(`${what}: ${done}/${total}`);
    },
    sourceReady: () => undefined,
    runStarted: (job) => {
      running.set(job.id, { name: job.name, text: "starting" });
    },
    runEvent: (job, event) => {
      if (event.type === "training") {
        totals.set(job.id, event.totalSteps);
        write(
          `${job.name}: ${event.resumedFrom === 0 ? "started" : `resumed after step ${event.resumedFrom}`} on ${event.device}`,
        );
      } else if (event.type === "step") {
        update(job, `step ${event.record.step}/${totals.get(job.id) ?? "?"} loss ${lossText(event.record.loss)}`);
      } else if (event.type === "preparing") update(job, `${event.what} ${event.done}/${event.total}`);
      else if (event.type === "evaluating") update(job, "evaluating");
      else if (event.type === "warning") write(warningText(job, event.message));
    },
    runEnded: (job, outcome) => {
      running.delete(job.id);
      numEnded += 1;
      write(`${endText(job, outcome)} (${numEnded}/${numRuns})`);
    },
    begin: (count) => {
      numRuns = count;
    },
    note: write,
    stop: () => undefined,
  };
}
