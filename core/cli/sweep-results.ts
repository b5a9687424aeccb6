/** What came out of a sweep's runs, for the commands that execute some. */
import { readRunSummary } from "../run/read-run.ts";
import type { RunSummary } from "../run/run-summary.ts";
import type { SweepResult } from "../run/run-sweep.ts";
import type { Io } from "./io.ts";
import { shownPath } from "./project.ts";

/** The runs as their folders tell. */
export async function readResults(results: readonly SweepResult[]): Promise<readonly RunSummary[]> {
  const summaries: RunSummary[] = [];
  for (const { job, outcome } of results) {
    try {
      summaries.push(await readRunSummary(job.folder));
    } catch (error) {
      // The folder of a run that failed may be the very thing that is broken; its failure is listed below.
      if (outcome.outcome !== "failed") throw error;
    }
  }
  return summaries;
}

/** All failures with their whole messages, the same cause of many runs once. */
export function failureList(io: Io, failures: readonly SweepResult[]): string {
  const byMessage = new Map<string, { readonly names: string[]; readonly logs: string[] }>();
  for (const { job, outcome } of failures) {
    if (outcome.outcome !== "failed") continue;
    const group = byMessage.get(outcome.failure.message) ?? { names: [], logs: [] };
    group.names.push(job.name);
    if (outcome.logFile !== undefined) group.logs.push(shownPath(io, outcome.logFile));
    byMessage.set(outcome.failure.message, group);
  }
  const blocks = [...byMessage].map(([message, { names, logs }]) =>
    [
      `${names.join(", ")}:`,
      ...message.split("\n").map((line) => `  ${line}`),
      ...logs.map((log) => `  log       ${log}`),
    ].join("\n"),
  );
  const count = failures.length === 1 ? "1 run failed" : `${failures.length} runs failed`;
  return `${count}; the others are not affected.\n\n${blocks.join("\n\n")}\n`;
}
