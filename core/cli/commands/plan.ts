/** `switchyard plan`: what a config asks for and what it would cost, without loading a tensor library. */
import { join, resolve } from "node:path";
import { formatNumber } from "../../analysis/format-numbers.ts";
import { formatDiagnostics } from "../../config/format-diagnostics.ts";
import { asksForOtherEvaluation } from "../../run/create-run-folder.ts";
import { deriveState } from "../../run/derive-state.ts";
import { createFolderFinder } from "../../run/find-run-folder.ts";
import { readRunRecord } from "../../run/run-record.ts";
import type { RunState } from "../../run/run-summary.ts";
import type { PlannedRun, SweepPlan } from "../../sweep/plan-sweep.ts";
import type { Command } from "../command.ts";
import { planConfig } from "../plan-config.ts";
import { shownPath } from "../project.ts";
import { textTable } from "../text-table.ts";
import { formatBytes } from "../units.ts";

export const plan: Command = {
  name: "plan",
  summary: "Show the runs that a config asks for, their cost, and which are done already.",
  usage: "switchyard plan <config> [overrides...] [--json] [--all] [--runs <folder>]",
  description: "Nothing is run and nothing is written. Costs are arithmetic, FLOPs a row as the paper accounts them.",
  flags: {
    json: { type: "boolean", help: "Print JSON; config errors too." },
    all: { type: "boolean", help: "List every run of a large sweep." },
    runs: { type: "string", value: "<folder>", help: "Where sweeps are written; default runs/ in the project." },
  },
  examples: ["switchyard plan configs/quickstart.yaml", "switchyard plan configs/quickstart.yaml seed=0,1,2"],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    const planned = await planConfig(words, io);
    if (planned === undefined) return 2;
    const { sweep, project } = planned;
    const sweepFolder = join(resolve(io.cwd, words.get("runs") ?? project.runsFolder), sweep.name);
    const states = statesOf(sweep, sweepFolder);
    if (words.has("json")) io.out(`${JSON.stringify(planJson(sweep, sweepFolder, states), undefined, 2)}\n`);
    else {
      if (sweep.warnings.length > 0) io.err(`${formatDiagnostics(sweep.warnings)}\n\n`);
      io.out(planText(sweep, states, shownPath(io, sweepFolder), words.has("all")));
    }
    return 0;
  },
};

/** `to evaluate`: trained, but for another evaluation than the config asks for now. */
type PlannedState = RunState | "to evaluate";

function statesOf({ runs }: SweepPlan, sweepFolder: string): ReadonlyMap<string, PlannedState> {
  const folderOf = createFolderFinder(sweepFolder);
  return new Map(runs.map((run) => [run.id, stateOf(run, folderOf(run))]));
}

function stateOf(run: PlannedRun, folder: string): PlannedState {
  const record = readRunRecord(folder);
  if (record?.id !== run.id) return "pending";
  const { state } = deriveState(folder);
  return state === "done" && asksForOtherEvaluation(folder, record, run) ? "to evaluate" : state;
}

function planJson({ name, runs }: SweepPlan, folder: string, states: ReadonlyMap<string, PlannedState>): unknown {
  return {
    sweep: name,
    folder,
    runs: runs.map(({ id, name: run, axes, shape, cost, gpu, config }) => ({
      ...{ id, name: run, state: states.get(id), axes, shape, cost },
      ...(gpu === undefined ? {} : { gpu }),
      config,
    })),
  };
}

const mostRows = 40;
const rowsShownOfMany = 10;

function planText(
  { name, runs }: SweepPlan,
  states: ReadonlyMap<string, PlannedState>,
  folder: string,
  showAll: boolean,
): string {
  const shown = showAll || runs.length <= mostRows ? runs : runs.slice(0, rowsShownOfMany);
  const gpuMemory = Math.max(0, ...runs.map(({ gpu }) => gpu?.memoryBytes ?? 0));
  const table = textTable(
    headingOf(gpuMemory > 0),
    shown.map((run) => rowOf(run, states.get(run.id) ?? "pending", gpuMemory > 0)),
  );
  const numDone = runs.filter(({ id }) => states.get(id) === "done").length;
  const hidden = runs.length - shown.length;
  const flops = runs
    .filter(({ id }) => states.get(id) !== "done" && states.get(id) !== "to evaluate")
    .reduce((sum, { cost }) => sum + cost.trainingFlops, 0);
  const memory = Math.max(0, ...runs.map(({ cost }) => cost.memoryBytes));
  return [
    `${name}: ${runs.length} ${runs.length === 1 ? "run" : "runs"}, ${numDone} done already, in ${folder}\n`,
    table,
    ...(hidden > 0 ? [`... and ${hidden} more (--all lists them)`] : []),
    `To do: ${formatNumber(flops, "FLOP")} of training; at most ${formatBytes(memory)} a run at a time.`,
    ...(gpuMemory > 0 ? [`On a GPU a run takes about ${formatBytes(gpuMemory)} of its memory at most.`] : []),
    "",
  ].join("\n");
}

/** @param hasGpu Whether memory of a GPU is known of any run. */
function headingOf(hasGpu: boolean): readonly string[] {
  const gpu = hasGpu ? ["GPU MEMORY"] : [];
  return ["RUN", "ID", "F", "E", "PARAMETERS", "FLOP/ROW", "TRAINING", "MEMORY", ...gpu, "STATE"];
}

function rowOf({ name, id, shape, cost, gpu }: PlannedRun, state: PlannedState, hasGpu: boolean): readonly string[] {
  return [
    name,
    id,
    String(shape.features),
    String(shape.experts),
    formatNumber(cost.parameters),
    formatNumber(cost.flopsPerRow),
    formatNumber(cost.trainingFlops, "FLOP"),
    formatBytes(cost.memoryBytes),
    ...(hasGpu ? [gpu?.memoryBytes === undefined ? "-" : formatBytes(gpu.memoryBytes)] : []),
    state,
  ];
}
