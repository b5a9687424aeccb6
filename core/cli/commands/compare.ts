/** `switchyard compare`: the table of one sweep or of several. */
import { compareRuns } from "../../analysis/compare-runs.ts";
import { runsToCsv, runsToJson } from "../../analysis/export-runs.ts";
import { formatComparison } from "../../analysis/text-table.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import type { Comparison } from "../../analysis/compare-runs.ts";
import { withSeedSimilarity } from "../../analysis/seed-similarity.ts";
import type { Command } from "../command.ts";
import { withDevice } from "../composition-root.ts";
import { readRuns } from "../read-runs.ts";

export const compare: Command = {
  name: "compare",
  summary: "Compare the runs of one or more sweeps: a table, CSV or JSON.",
  usage: "switchyard compare <sweep folder...> [--sort <metric>] [--metrics <names>] [--similarity] [--csv | --json]",
  flags: {
    sort: { type: "string", value: "<metric>", help: "Order by a metric, a swept path, name or state." },
    descending: { type: "boolean", help: "Largest first." },
    metrics: { type: "string", value: "<names>", help: "Columns, separated by commas: mse,l0,cost/step-ms" },
    similarity: {
      type: "boolean",
      help: "Add how alike the dictionaries of seeds are (seed-mmcs), which takes reading their checkpoints.",
    },
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
    if (words.has("similarity") && (words.has("csv") || words.has("json"))) {
      throw new SwitchyardError("FLAG_VALUE", "--similarity adds a column to the table alone.", {
        next: "Leave out --csv or --json, or see switchyard similarity --json.",
      });
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
    } else io.out(formatComparison(words.has("similarity") ? await withSimilarity(comparison) : comparison));
    return 0;
  },
};

/** Nothing is opened where no row has several runs. */
async function withSimilarity(comparison: Comparison): Promise<Comparison> {
  const replicate = comparison.rows.find(({ runs }) => runs.length > 1)?.runs[0];
  if (replicate === undefined) return withSeedSimilarity(comparison, () => Promise.resolve([]));
  const { compareDictionaries } = await import("../../run/dictionary-similarity.ts");
  return withDevice(replicate.folder, ({ tf }) =>
    withSeedSimilarity(comparison, (runs) => compareDictionaries(tf, runs)),
  );
}
