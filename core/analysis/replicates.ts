/**
 * Runs that differ in nothing but the seed are replicates of one experiment. Tables and plots show them as one row
 * with a spread; listings and `--json` keep them apart.
 */
import type { RunSummary } from "../run/run-summary.ts";

export interface RunGroup {
  /** The run's name; without its seed when the group has several runs. Unique among the groups. */
  readonly name: string;
  /** In their original order. */
  readonly runs: readonly RunSummary[];
}

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n - 1); undefined for one value. */
  readonly deviation: number | undefined;
  readonly count: number;
}

/** Groups replicates; groups stand in the order of their first run. */
export function groupReplicates(runs: readonly RunSummary[]): readonly RunGroup[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const key = replicateKey(run);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return uniquelyNamed([...groups.values()]);
}

/** Mean and spread of a metric over the runs that have it; undefined when none has. */
export function spreadOf(runs: readonly RunSummary[], metric: string): Spread | undefined {
  return spreadOfValues(runs.map((run) => run.metrics[metric]).filter((value) => value !== undefined));
}

/** Mean and spread of numbers; undefined when there is none. */
export function spreadOfValues(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, deviation: undefined, count: 1 };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)), count: values.length };
}

function replicateKey(run: RunSummary): string {
  if (!("seed" in run.axes)) return run.id;
  const axes = Object.entries(run.axes).filter(([path]) => path !== "seed");
  return JSON.stringify([run.sweep, axes.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function uniquelyNamed(groups: readonly (readonly RunSummary[])[]): readonly RunGroup[] {
  const used = new Map<string, number>();
  return groups.map((runs) => {
    const plain = groupName(runs);
    const times = (used.get(plain) ?? 0) + 1;
    used.set(plain, times);
    // The same name can come from two sweeps that are compared.
    return { name: times === 1 ? plain : `${plain} (${runs[0]?.sweep ?? String(times)})`, runs };
  });
}

function groupName(runs: readonly RunSummary[]): string {
  const [first] = runs;
  if (first === undefined) return "";
  if (runs.length === 1) return first.name;
  const withoutSeed = first.name.replace(/(^|[-_,. ]+)seed[=-]?\d+/, "").replace(/^[-_,. ]+/, "");
  return withoutSeed === "" ? first.sweep : withoutSeed;
}
