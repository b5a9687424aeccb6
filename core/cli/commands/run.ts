/** `switchyard run`: runs what a config asks for and is not done yet, then shows what came out. */
import { join, resolve } from "node:path";
import { compareRuns } from "../../analysis/compare-runs.ts";
import { runsToJson } from "../../analysis/export-runs.ts";
import { formatComparison } from "../../analysis/text-table.ts";
import { formatDiagnostics } from "../../config/format-diagnostics.ts";
import type { Executor, SweepEvents } from "../../run/contracts.ts";
import { failureOf } from "../../run/failure.ts";
import { runSweep } from "../../run/run-sweep.ts";
import type { SweepResult } from "../../run/run-sweep.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import { countOf, oneOf } from "../command.ts";
import type { Command, Words } from "../command.ts";
import { buildExecutor, createJobRunner, writeSchema } from "../composition-root.ts";
import type { Io } from "../io.ts";
import { listenForInterruption } from "../interruption.ts";
import { planConfig } from "../plan-config.ts";
import type { PlannedConfig } from "../plan-config.ts";
import { createProgress } from "../progress/create-progress.ts";
import type { Progress } from "../progress/contract.ts";
import { collectProfiles, formatProfiles } from "../profiles.ts";
import { shownPath } from "../project.ts";
import { failureList, readResults } from "../sweep-results.ts";
import { writeSweepReport } from "../write-sweep-report.ts";

export const run: Command = {
  name: "run",
  summary: "Train and evaluate the runs that a config asks for; continue what was interrupted.",
  usage:
    "switchyard run <config> [overrides...] [--rerun failed|all] [--slots <n>] [--runs <folder>] [--profile] [--json] [--quiet]",
  description:
    "Runs that are done are skipped; interrupted and failed ones go on from their last checkpoint.\n" +
    "Overrides: key=value sets, +key=value adds, ~key removes, key=1,2,3 sweeps.\n" +
    "Ctrl-C writes checkpoints and stops; the same command continues.",
  flags: {
    rerun: { type: "string", value: "failed|all", help: "Start these over from their first step." },
    slots: { type: "string", value: "<n>", help: "Runs at a time; default one a processor core." },
    runs: { type: "string", value: "<folder>", help: "Where sweeps are written; default runs/ in the project." },
    profile: {
      type: "boolean",
      help: "Show where the time of a step goes, phase by phase and kernel by kernel; one run at a time.",
    },
    json: { type: "boolean", help: "Print the runs as JSON instead of the table; config errors too." },
    quiet: { type: "boolean", help: "Show no progress, only what went wrong." },
  },
  examples: [
    "switchyard run configs/quickstart.yaml",
    "switchyard run configs/quickstart.yaml training.steps=200 name=short",
    "switchyard run configs/quickstart.yaml model.expert.k=8,16,32 --slots 2",
    "switchyard run configs/quickstart.yaml --rerun failed",
    "switchyard run configs/quickstart.yaml training.steps=100 name=profile --profile",
  ],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    const rerun = oneOf(words, "rerun", ["failed", "all"]) ?? "none";
    const isProfiled = words.has("profile");
    // Runs that share the machine would be measured with what they take from each other.
    const slots = countOf(words, "slots") ?? (isProfiled ? 1 : undefined);
    const planned = await planConfig(words, io);
    if (planned === undefined) return 2;
    const { project, schema, sweep } = planned;
    if (sweep.warnings.length > 0) io.err(`${formatDiagnostics(sweep.warnings)}\n\n`);
    writeSchema(project.schemaFile, schema);
    const sweepFolder = join(resolve(io.cwd, words.get("runs") ?? project.runsFolder), sweep.name);
    const executor = await buildExecutor(planned, sweep.runs[0]?.config);
    const progress = await createProgress(io, words.has("quiet"));
    const interruption = listenForInterruption(() => {
      progress.note("Stopping: runs write a checkpoint first. Ctrl-C again kills them.");
    });
    try {
      const { events, profiles } = collectProfiles(progress);
      const execution: Execution = { rerun, slots, isProfiled, executor, progress, events, interruption };
      const results = await execute(planned, sweepFolder, execution);
      progress.stop();
      if (isProfiled) showBeside(words, io, formatProfiles(results, profiles));
      return await conclude(words, io, planned, sweepFolder, results);
    } finally {
      progress.stop();
      interruption.stopListening();
    }
  },
};

interface Execution {
  readonly rerun: "none" | "failed" | "all";
  readonly slots: number | undefined;
  readonly isProfiled: boolean;
  readonly executor: Executor;
  readonly progress: Progress;
  /** Those of the progress, and who else listens. */
  readonly events: SweepEvents;
  readonly interruption: { readonly signal: AbortSignal; readonly killSignal: AbortSignal };
}

async function execute(
  { project, sweep }: PlannedConfig,
  sweepFolder: string,
  { rerun, slots, isProfiled, executor, progress, events, interruption }: Execution,
): Promise<readonly SweepResult[]> {
  return runSweep({
    sweep: sweep.name,
    sweepFolder,
    runs: sweep.runs,
    ...{ rerun, isProfiled, executor },
    context: {
      runner: createJobRunner(project),
      events,
      signal: interruption.signal,
      killSignal: interruption.killSignal,
      ...(slots === undefined ? {} : { slots }),
    },
    onStart: ({ toRun, skipped }) => {
      const done = skipped.length === 0 ? "" : `, ${skipped.length} done already`;
      progress.begin(toRun.length);
      progress.note(`${sweep.name}: ${toRun.length} ${toRun.length === 1 ? "run" : "runs"} to do${done}`);
    },
  });
}

/** Prints the table and where the report is, lists what failed, and decides the exit code. */
async function conclude(
  words: Words,
  io: Io,
  planned: PlannedConfig,
  sweepFolder: string,
  results: readonly SweepResult[],
): Promise<number> {
  const summaries = await readResults(results);
  const report = await tryReport(io, planned, join(sweepFolder, "report.html"), summaries);
  io.out(words.has("json") ? runsToJson(summaries) : `\n${formatComparison(compareRuns(summaries))}`);
  if (report !== undefined) {
    const line = `report: ${shownPath(io, report)}\n`;
    showBeside(words, io, words.has("json") ? line : `\n${line}`);
  }
  const failures = results.filter(({ outcome }) => outcome.outcome === "failed");
  if (failures.length > 0) io.err(`\n${failureList(io, failures)}`);
  if (results.some(({ outcome }) => outcome.outcome === "interrupted")) {
    io.err(`\nInterrupted. The same command continues: switchyard run ${words.positionals.join(" ")}\n`);
    return 130;
  }
  return failures.length > 0 ? 1 : 0;
}

/** Shows what is no part of the table; with `--json` standard output holds the JSON and nothing else. */
function showBeside(words: Words, io: Io, text: string): void {
  if (words.has("json")) io.err(text);
  else io.out(text);
}

/** A report that cannot be written takes nothing from the runs. */
async function tryReport(
  io: Io,
  planned: PlannedConfig,
  file: string,
  runs: readonly RunSummary[],
): Promise<string | undefined> {
  if (!runs.some(({ steps }) => steps.length > 0)) return undefined;
  try {
    await writeSweepReport(planned, file, runs);
    return file;
  } catch (error) {
    io.err(`The report could not be written.\n${failureOf(error).message}\n`);
    return undefined;
  }
}
