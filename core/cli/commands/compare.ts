/** `switchyard compare`: the table of one sweep or of several. */
import { resolve } from "node:path";
import { compareRuns } from "../../analysis/compare-runs.ts";
import { runsToCsv, runsToJson } from "../../analysis/export-runs.ts";
import { formatComparison } from "../../analysis/text-table.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { readRunSummary, listRuns } from "../../run/read-run.ts";
import { readRunRecord } from "../../run/run-record.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { Command } from "../command.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../project.ts";

export const compare: Command = {
  name: "compare",
  summary: "Compare the runs of one or more sweeps: a table, CSV or JSON.",
  usage: "switchyard compare <sweep folder...> [--sort <metric>] [--metrics <names>] [--csv | --json]",
  flags: {
    sort: { type: "string", value: "<metric>", help: "Order by a metric, a swept path, name or state." },
    descending: { type: "boolean", help: "Largest first." },
    metrics: { type: "string", value: "<names>", help: "Columns, separated by commas: mse,l0,cost/step-ms" },
    csv: { type: "boolean", help: "Print CSV with all metrics." },
    json: { type: "boolean", help: "Print a JSON array of {id, name, state, config, metrics}." },
  },
  examples: [
    "switchyard compare runs/quickstart --sort mse",
    "switchyard compare runs/a runs/b --metrics mse,l0,loss-recovered --csv > table.csv",
  ],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    if (words.has("csv") && words.has("json")) {
      throw new SwitchyardError("FLAG_VALUE", "--csv and --json exclude each other.", { next: "Choose one." });
    }
    const sort = words.get("sort");
    const metrics = words
      .get("metrics")
      ?.split(",")
      .filter((name) => name.trim() !== "");
    const comparison = compareRuns(await readRuns(io, words.positionals), {
      descending: words.has("descending"),
      ...(sort === undefined ? {} : { sort }),
      ...(metrics === undefined ? {} : { metrics }),
    });
    if (words.has("json")) io.out(runsToJson(comparison.runs));
    else if (words.has("csv")) {
      io.out(
        metrics === undefined
          ? runsToCsv(comparison.runs)
          : runsToCsv(
              comparison.runs,
              comparison.columns.map(({ metric }) => metric),
            ),
      );
    } else io.out(formatComparison(comparison));
    return 0;
  },
};

/**
 * Runs of the folders that words name: each a sweep's folder, or that of a single run. Broken run folders are told of
 * on standard error. @throws SwitchyardError SWEEP_NOT_FOUND
 */
export async function readRuns(io: Io, words: readonly string[]): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  for (const word of words) {
    const folder = resolve(io.cwd, word);
    const runs = readRunRecord(folder) === undefined ? await readSweep(io, folder) : [await readRunSummary(folder)];
    found.push(...runs);
  }
  return found;
}

async function readSweep(io: Io, folder: string): Promise<readonly RunSummary[]> {
  let numBroken = 0;
  const runs = await listRuns(folder, (error) => {
    numBroken += 1;
    io.err(`${error.message}\n`);
  });
  if (runs.length > 0) return runs;
  throw new SwitchyardError("SWEEP_NOT_FOUND", "There are no runs here that can be read.", {
    where: shownPath(io, folder),
    expected: "the folder of a sweep, such as runs/quickstart",
    received: numBroken === 0 ? "no run folders" : `${numBroken} that cannot be read`,
    next: "Name the folder that switchyard run wrote; switchyard status lists them.",
  });
}
