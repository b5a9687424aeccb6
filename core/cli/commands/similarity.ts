/**
 * `switchyard similarity`: how alike the dictionaries of runs are. A command of its own, because it reads checkpoints
 * and computes for seconds, where `compare` only reads what was measured.
 */
import { resolve } from "node:path";
import { groupReplicates } from "../../analysis/replicates.ts";
import { spreadOfPairs } from "../../analysis/seed-similarity.ts";
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import type { PairSimilarity } from "../../run/dictionary-similarity.ts";
import { readRunRecord } from "../../run/run-record.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { Command } from "../command.ts";
import { withDevice } from "../composition-root.ts";
import type { Io } from "../io.ts";
import { readRuns } from "../read-runs.ts";
import { textTable } from "../text-table.ts";

type Pair = PairSimilarity<RunSummary>;

export const similarity: Command = {
  name: "similarity",
  summary: "Compare what runs have learned: the mean largest cosine between their decoder rows (MMCS).",
  usage: "switchyard similarity <run or sweep folder...> [--json]",
  description:
    "Of single runs, every two are compared; of sweeps, the runs that differ in nothing but the seed.\n" +
    "A in B is the mean over A's decoder rows of the largest cosine to a row of B: how well B knows A's features.\n" +
    "Reads the newest checkpoint of each run, on the device that the first run's config names.",
  flags: { json: { type: "boolean", help: "Print a JSON array of {a, b, aInB, bInA, steps}." } },
  examples: ["switchyard similarity runs/seeds", "switchyard similarity runs/a/k=16-01234567 runs/a/k=32-89abcdef"],
  positionals: [1, Number.POSITIVE_INFINITY],
  run: async (words, io) => {
    const groups = await groupsOf(io, words.positionals);
    const compared = groups.filter(({ runs }) => runs.length > 1);
    const first = compared[0]?.runs[0];
    if (first === undefined) throw nothingToCompare(groups.length);
    const { compareDictionaries } = await import("../../run/dictionary-similarity.ts");
    const results = await withDevice(first.folder, async ({ tf }) => {
      const all: { readonly name: string; readonly numRuns: number; readonly pairs: readonly Pair[] }[] = [];
      for (const { name, runs } of compared) {
        all.push({ name, numRuns: runs.length, pairs: await compareDictionaries(tf, runs) });
      }
      return all;
    });
    const pairs = results.flatMap((result) => result.pairs);
    if (words.has("json")) io.out(`${JSON.stringify(pairs.map(plainPair), undefined, 2)}\n`);
    else {
      io.out(pairsTable(pairs));
      const replicated = results.filter(({ numRuns }) => numRuns > 2);
      if (replicated.length > 0) io.out(`\n${groupsTable(replicated)}`);
    }
    return 0;
  },
};

interface ComparedGroup {
  readonly name: string;
  readonly runs: readonly RunSummary[];
}

/** Single runs are one group; with a sweep among the words, replicates are. */
async function groupsOf(io: Io, folders: readonly string[]): Promise<readonly ComparedGroup[]> {
  const runs = await readRuns(io, folders);
  const areRuns = folders.every((folder) => readRunRecord(resolve(io.cwd, folder)) !== undefined);
  return areRuns ? [{ name: "all", runs }] : groupReplicates(runs);
}

function pairsTable(pairs: readonly Pair[]): string {
  const ofSteps = pairs.some(({ steps }) => steps[0] !== steps[1]);
  return textTable(
    ["A", "B", "A IN B", "B IN A", ...(ofSteps ? ["STEPS"] : [])],
    pairs.map(({ a, b, aInB, bInA, steps }) => [
      ...[a.name, b.name, aInB.toFixed(4), bInA.toFixed(4)],
      ...(ofSteps ? [steps.join(", ")] : []),
    ]),
  );
}

function groupsTable(
  groups: readonly { readonly name: string; readonly numRuns: number; readonly pairs: readonly Pair[] }[],
) {
  return textTable(
    ["MEAN OF", "RUNS", "MMCS"],
    groups.map(({ name, numRuns, pairs }) => {
      const spread = spreadOfPairs(pairs);
      const mean = spread === undefined ? "-" : `${spread.mean.toFixed(4)} +- ${(spread.deviation ?? 0).toFixed(4)}`;
      return [name, String(numRuns), mean];
    }),
  );
}

function plainPair({ a, b, aInB, bInA, steps }: Pair) {
  const identify = ({ id, name, sweep }: RunSummary) => ({ id, name, sweep });
  return { a: identify(a), b: identify(b), aInB, bInA, steps };
}

function nothingToCompare(numGroups: number): SwitchyardError {
  return new SwitchyardError("NOTHING_TO_COMPARE", "There are no two runs to compare.", {
    expected: "two run folders, or a sweep whose runs differ in their seed",
    received: numGroups === 1 ? "one run" : `${numGroups} runs that differ in more than the seed`,
    next: "Add `seeds: 3` to the sweep and run it again, or name two run folders.",
  });
}
