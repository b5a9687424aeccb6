/** `switchyard import`: a finished run out of a sparse autoencoder that another library trained. */
import { basename, dirname, join, resolve } from "node:path";
import { compareRuns } from "../../analysis/compare-runs.ts";
import { runsToJson } from "../../analysis/export-runs.ts";
import { formatComparison } from "../../analysis/text-table.ts";
import { readOverride } from "../../config/override-words.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { importFormats } from "../../interchange/foreign-sae.ts";
import type { ReadSae } from "../../interchange/foreign-sae.ts";
import { writeImportedCheckpoint } from "../../interchange/import-checkpoint.ts";
import { planImport } from "../../interchange/plan-import.ts";
import type { PlannedImport } from "../../interchange/plan-import.ts";
import { readSae } from "../../interchange/read-sae.ts";
import { createFolderFinder } from "../../run/find-run-folder.ts";
import { runSweep } from "../../run/run-sweep.ts";
import type { SweepResult } from "../../run/run-sweep.ts";
import { oneOf, required } from "../command.ts";
import type { Command, Words } from "../command.ts";
import { buildExecutor, createJobRunner, openConfig } from "../composition-root.ts";
import type { OpenConfig } from "../composition-root.ts";
import type { Io } from "../io.ts";
import { listenForInterruption } from "../interruption.ts";
import { orProblems } from "../plan-config.ts";
import { createProgress } from "../progress/create-progress.ts";
import { shownPath } from "../project.ts";
import { failureList, readResults } from "../sweep-results.ts";

export const importSae: Command = {
  name: "import",
  summary: "Make a finished run out of a sparse autoencoder of another library, evaluated like any run.",
  usage:
    "switchyard import <file or folder> --into <config> [overrides...] [--format <format>] [--name <name>] [--runs <folder>] [--json] [--quiet]",
  description:
    "The run has the config's source, evaluation and report, and the imported model; nothing is trained, and the\n" +
    `config's own model and sweep are left aside. Formats: ${importFormats.join(", ")}.\n` +
    "docs/interchange.md says what is kept of each.",
  flags: {
    into: { type: "string", value: "<config>", help: "Config whose source and evaluation the run takes." },
    format: { type: "string", value: "<format>", help: "Which library wrote it; found out when left out." },
    name: { type: "string", value: "<name>", help: "What the run is called; default the name of the folder." },
    runs: { type: "string", value: "<folder>", help: "Where sweeps are written; default runs/ in the project." },
    json: { type: "boolean", help: "Print the run as JSON instead of the table; config errors too." },
    quiet: { type: "boolean", help: "Show no progress, only what went wrong." },
  },
  examples: [
    "switchyard import downloads/layer8-topk --into configs/quickstart.yaml",
    "switchyard import trainer_0/ae.pt --into configs/quickstart.yaml --name authors-16e evaluation.rows=4096",
    "switchyard compare runs/quickstart",
  ],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    const into = required(words, importSae, "into");
    const format = oneOf(words, "format", importFormats);
    const [word = "", ...overrides] = words.positionals;
    checkOverrides(overrides);
    const path = resolve(io.cwd, word);
    const sae = await readSae(path, format);
    const planned = await orProblems(words, io, async () => {
      const opened = await openConfig(io, into, overrides);
      const { composition, schema, catalogue, project: paths } = opened;
      const name = words.get("name") ?? nameOf(path);
      return { opened, plan: await planImport({ sae, name, composition, schema, catalogue, paths }) };
    });
    if (planned === undefined) return 2;
    const { opened, plan } = planned;
    const sweepFolder = join(resolve(io.cwd, words.get("runs") ?? opened.project.runsFolder), plan.sweep);
    await writeImportedCheckpoint(createFolderFinder(sweepFolder)(plan.run), sae, plan);
    const results = await evaluate(words, io, { opened, plan, sweepFolder });
    return conclude(words, io, sae, results);
  },
};

/** Parts of a config that an import does not take from it: setting them could only mislead. */
const unused: readonly string[] = ["model", "training", "losses", "sweep"];

/** Words that are no overrides at all are the config's to refuse. @throws SwitchyardError FLAG_VALUE */
function checkOverrides(words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    const override = readOverride(word, index);
    if (!("action" in override)) continue;
    const isUnused = unused.includes(override.path[0] ?? "");
    if (!isUnused && override.action !== "sweep") continue;
    throw new SwitchyardError("FLAG_VALUE", "An import does not take this from the command line.", {
      expected: "values of source, evaluation, device, seed, name, executor, trackers or report",
      received: word,
      next: isUnused
        ? `The imported file says what ${override.path[0] ?? ""} is; leave the word out.`
        : "An import makes one run: give one value.",
    });
  }
}

/** Of the folder where the file's own name is the library's. */
function nameOf(path: string): string {
  const own = basename(path);
  const isUsual = /^(?:ae|sae|sae_weights|model)\.(?:pt|safetensors)$/.test(own);
  return isUsual ? basename(dirname(path)) : own.replace(/\.(?:pt|safetensors)$/, "");
}

interface Work {
  readonly opened: OpenConfig;
  readonly plan: PlannedImport;
  readonly sweepFolder: string;
}

async function evaluate(words: Words, io: Io, { opened, plan, sweepFolder }: Work): Promise<readonly SweepResult[]> {
  const executor = await buildExecutor(opened, plan.run.config);
  const progress = await createProgress(io, words.has("quiet"));
  const interruption = listenForInterruption(() => {
    progress.note("Stopping.");
  });
  try {
    const { signal, killSignal } = interruption;
    return await runSweep({
      ...{ sweep: plan.sweep, sweepFolder, runs: [plan.run], rerun: "none", executor },
      context: { runner: createJobRunner(opened.project), events: progress, signal, killSignal },
      onStart: ({ toRun }) => {
        progress.begin(toRun.length);
        if (toRun.length === 0) progress.note("This import is there already.");
      },
    });
  } finally {
    progress.stop();
    interruption.stopListening();
  }
}

async function conclude(
  words: Words,
  io: Io,
  { format, architecture, notes }: ReadSae,
  results: readonly SweepResult[],
): Promise<number> {
  for (const note of [`Read as ${format}, ${architecture}.`, ...notes]) if (!words.has("quiet")) io.err(`${note}\n`);
  const summaries = await readResults(results);
  io.out(words.has("json") ? runsToJson(summaries) : `\n${formatComparison(compareRuns(summaries))}`);
  const failures = results.filter(({ outcome }) => outcome.outcome === "failed");
  if (failures.length > 0) {
    io.err(`\n${failureList(io, failures)}`);
    return 1;
  }
  if (!words.has("json")) io.out(results.map(({ job }) => `\nrun: ${shownPath(io, job.folder)}\n`).join(""));
  return results.some(({ outcome }) => outcome.outcome === "interrupted") ? 130 : 0;
}
