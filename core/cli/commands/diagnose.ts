/** `switchyard diagnose`: names what went wrong in a run or a sweep, by which numbers, and what to change. */
import { dirname, resolve } from "node:path";
import { diagnoseRuns, withFailures } from "../../analysis/diagnose/diagnose-runs.ts";
import type { Diagnosis } from "../../analysis/diagnose/diagnose-runs.ts";
import { listRuns } from "../../run/read-run.ts";
import { readRunRecord } from "../../run/run-record.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { Command } from "../command.ts";
import { formatDiagnoses } from "../format-diagnoses.ts";
import type { Io } from "../io.ts";
import { readRuns } from "../read-runs.ts";

export const diagnose: Command = {
  name: "diagnose",
  summary: "Name what went wrong in runs, by which numbers, and what to change.",
  usage: "switchyard diagnose <run or sweep folder> [--json] [--strict]",
  description: "Reads what the runs left behind and runs nothing. docs/diagnose.md explains signatures and thresholds.",
  flags: {
    json: { type: "boolean", help: "Print a JSON array of {run, findings, unknown}." },
    strict: { type: "boolean", help: "Exit with 1 when there is a warning or a problem." },
  },
  examples: ["switchyard diagnose runs/quickstart", "switchyard diagnose runs/quickstart/router=none-cb20c353 --json"],
  positionals: [1, 1],
  run: async (words, io) => {
    const word = words.positionals[0] ?? "";
    const runs = await readRuns(io, [word]);
    const sweep = await comparedWith(io, word, runs);
    const diagnoses = diagnoseRuns(withFailures(runs), withFailures(sweep));
    io.out(words.has("json") ? `${JSON.stringify(diagnoses.map(jsonOf), undefined, 2)}\n` : formatDiagnoses(diagnoses));
    const isSerious = diagnoses.some(({ findings }) => findings.some(({ severity }) => severity !== "note"));
    return words.has("strict") && isSerious ? 1 : 0;
  },
};

/** A single run is compared with the others of its sweep; what cannot be read of those is in nobody's way. */
async function comparedWith(io: Io, word: string, runs: readonly RunSummary[]): Promise<readonly RunSummary[]> {
  const folder = resolve(io.cwd, word);
  if (readRunRecord(folder) === undefined) return runs;
  return listRuns(dirname(folder), (error) => {
    io.err(`${error.message}\n`);
  });
}

function jsonOf({ run: { id, name, sweep, state, folder }, findings, unknown }: Diagnosis): object {
  return { run: { id, name, sweep, state, folder }, findings, unknown };
}
