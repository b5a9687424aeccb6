/** `switchyard report`: one HTML file with table and plots, that opens without a network. */
import { join, resolve } from "node:path";
import { wholeOf } from "../command.ts";
import type { Command } from "../command.ts";
import { openRun } from "../composition-root.ts";
import { shownPath } from "../project.ts";
import { readRuns } from "../read-runs.ts";
import { writeSweepReport } from "../write-sweep-report.ts";

export const report: Command = {
  name: "report",
  summary: "Write the report of one or more sweeps as one HTML file.",
  usage: "switchyard report <sweep folder...> [--out <file>] [--features <n>]",
  description:
    "`switchyard run` writes it too, as report.html in the sweep's folder. Runs whose features `switchyard features`\n" +
    "has looked at show a sample of them.",
  flags: {
    features: { type: "string", value: "<n>", help: "Features shown of a run, a sample; default 200, 0 for none." },
    out: { type: "string", value: "<file>", help: "Where to write it; default report.html in the first folder." },
  },
  examples: ["switchyard report runs/quickstart", "switchyard report runs/a runs/b --out both.html"],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    const runs = await readRuns(io, words.positionals);
    const file = resolve(io.cwd, words.get("out") ?? join(words.positionals[0] ?? "", "report.html"));
    const [first] = runs;
    const numFeatures = wholeOf(words, "features");
    if (first !== undefined) await writeSweepReport(await openRun(first.folder), file, runs, numFeatures);
    io.out(`${shownPath(io, file)}\n`);
    return 0;
  },
};
