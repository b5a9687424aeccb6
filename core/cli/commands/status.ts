/** `switchyard status`: which runs are done, running, failed; derived from the run folders at this moment. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { namesIn } from "../../run/layout.ts";
import { listRuns } from "../../run/read-run.ts";
import type { RunState, RunSummary } from "../../run/run-summary.ts";
import type { Command } from "../command.ts";
import type { Io } from "../io.ts";
import { findProject, shownPath } from "../project.ts";
import { textTable } from "../text-table.ts";

export const status: Command = {
  name: "status",
  summary: "Show the state of every run of a sweep, or of every sweep.",
  usage: "switchyard status [sweep folder] [--json]",
  flags: { json: { type: "boolean", help: "Print JSON." } },
  examples: ["switchyard status", "switchyard status runs/quickstart"],
  positionals: [0, 1],
  run: async (words, io) => {
    const [word] = words.positionals;
    if (word === undefined) return statusOfSweeps(io, words.has("json"));
    const folder = resolve(io.cwd, word);
    const runs = await readSweep(folder, io);
    if (runs.length === 0) throw noRuns(shownPath(io, folder));
    io.out(words.has("json") ? `${JSON.stringify(runs.map(rowOf), undefined, 2)}\n` : runsTable(runs));
    return 0;
  },
};

/** Broken or foreign folders are told of on standard error; the others are still listed. */
async function readSweep(folder: string, io: Io): Promise<readonly RunSummary[]> {
  return listRuns(folder, (error) => {
    io.err(`${error.message}\n`);
  });
}

async function statusOfSweeps(io: Io, json: boolean): Promise<number> {
  const { runsFolder } = findProject(io.cwd);
  const sweeps: { sweep: string; counts: Record<string, number> }[] = [];
  for (const name of namesIn(runsFolder)) {
    const runs = await readSweep(join(runsFolder, name), io);
    if (runs.length > 0) sweeps.push({ sweep: join(shownPath(io, runsFolder), name), counts: countStates(runs) });
  }
  if (sweeps.length === 0)
    throw noRuns(existsSync(runsFolder) ? shownPath(io, runsFolder) : `${runsFolder} (no folder)`);
  io.out(json ? `${JSON.stringify(sweeps, undefined, 2)}\n` : sweepsTable(sweeps));
  return 0;
}

const states: readonly RunState[] = ["done", "running", "interrupted", "failed", "pending"];

function countStates(runs: readonly RunSummary[]): Record<string, number> {
  return Object.fromEntries(states.map((state) => [state, runs.filter((run) => run.state === state).length]));
}

function sweepsTable(sweeps: readonly { sweep: string; counts: Record<string, number> }[]): string {
  const rows = sweeps.map(({ sweep, counts }) => [sweep, ...states.map((state) => String(counts[state] ?? 0))]);
  return textTable(["SWEEP", ...states.map((state) => state.toUpperCase())], rows);
}

interface StatusRow {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
  readonly failure: string | null;
}

function rowOf({ id, name, state, steps, config, failure }: RunSummary): StatusRow {
  const last = steps.at(-1);
  return {
    ...{ id, name, state },
    step: last?.step ?? 0,
    steps: config.training.steps,
    loss: last?.loss ?? null,
    failure: failure === undefined ? null : (failure.message.split("\n")[0] ?? failure.code),
  };
}

function runsTable(runs: readonly RunSummary[]): string {
  const rows = runs.map((run) => {
    const { id, name, state, step, steps, loss, failure } = rowOf(run);
    return [name, id, state, `${step}/${steps}`, loss === null ? "" : loss.toPrecision(4), failure ?? ""];
  });
  return textTable(["RUN", "ID", "STATE", "STEP", "LOSS", ""], rows);
}

function noRuns(where: string): SwitchyardError {
  return new SwitchyardError("SWEEP_NOT_FOUND", "There are no runs here.", {
    where,
    expected: "the folder of a sweep, such as runs/quickstart",
    next: "Run a config first: switchyard run <config>.",
  });
}
