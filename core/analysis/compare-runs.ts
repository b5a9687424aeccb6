/**
 * The table of a sweep as data: one row for each run or group of replicates, one column for each metric, the best of
 * a column marked. Renderers (text, CSV, JSON, the report) add nothing but form.
 */
import type { MetricDescription } from "../evaluation/contracts.ts";
import type { RunSummary } from "../run/run-summary.ts";
import { defaultMetrics, describeColumns, metricsOf, resolveMetric } from "./metric-columns.ts";
import type { MetricColumn } from "./metric-columns.ts";
import { groupReplicates, spreadOf } from "./replicates.ts";
import type { RunGroup, Spread } from "./replicates.ts";

export interface CompareOptions {
  /** Columns, in full or short names. Default: mse, fvu, l0, loss-recovered, flops-per-row, step-ms. */
  readonly metrics?: readonly string[];
  /** A metric, "name", "state" or a swept path; without it, the order of the runs. */
  readonly sort?: string;
  /** Default false. Rows without the value stand last either way. */
  readonly descending?: boolean;
  /** Metrics of evaluators from outside, by full name. */
  readonly descriptions?: Readonly<Record<string, MetricDescription>>;
}

export interface ComparisonCell extends Spread {
  /** Best of its column, where the metric has a better direction and the column has different values. */
  readonly isBest: boolean;
}

export interface ComparisonRow extends RunGroup {
  /** "done", or "2 done, 1 failed" where replicates differ. */
  readonly state: string;
  /** One for each column; undefined where no run of the row has the metric. */
  readonly cells: readonly (ComparisonCell | undefined)[];
}

export interface Comparison {
  readonly columns: readonly MetricColumn[];
  readonly rows: readonly ComparisonRow[];
  /** All runs, in the order of the rows. */
  readonly runs: readonly RunSummary[];
}

/**
 * Compares runs of one sweep or of several.
 * @throws SwitchyardError UNKNOWN_METRIC or AMBIGUOUS_METRIC for a name in `metrics` or `sort` that no run has.
 */
export function compareRuns(runs: readonly RunSummary[], options: CompareOptions = {}): Comparison {
  // The default columns are known even to a sweep that has not been evaluated yet.
  const available = [...new Set([...metricsOf(runs), ...defaultMetrics])];
  const metrics = (options.metrics ?? defaultMetrics).map((name) => resolveMetric(name, available));
  const columns = describeColumns(metrics, options.descriptions);
  const groups = sortGroups(groupReplicates(runs), options, available);
  const spreads = groups.map((group) => columns.map((column) => spreadOf(group.runs, column.metric)));
  const best = columns.map((column, i) =>
    bestOf(
      column,
      spreads.map((row) => row[i]),
    ),
  );
  const rows = groups.map((group, r) => ({
    ...group,
    state: stateOf(group.runs),
    cells: (spreads[r] ?? []).map((spread, c) => spread && { ...spread, isBest: spread.mean === best[c] }),
  }));
  return { columns, rows, runs: groups.flatMap((group) => group.runs) };
}

function bestOf(column: MetricColumn, spreads: readonly (Spread | undefined)[]): number | undefined {
  const means = spreads.filter((spread) => spread !== undefined).map(({ mean }) => mean);
  if (column.better === undefined || new Set(means).size < 2) return undefined;
  return column.better === "lower" ? Math.min(...means) : Math.max(...means);
}

function stateOf(runs: readonly RunSummary[]): string {
  const counts = new Map<string, number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  if (counts.size === 1) return [...counts.keys()].join("");
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

type SortKey = string | number | undefined;

function sortGroups(
  groups: readonly RunGroup[],
  { sort, descending = false }: CompareOptions,
  available: readonly string[],
): readonly RunGroup[] {
  if (sort === undefined) return groups;
  const keyOf = sortKey(sort, groups, available);
  const direction = descending ? -1 : 1;
  return groups
    .map((group, place) => ({ group, place, key: keyOf(group) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined) {
        return Number(a.key === undefined) - Number(b.key === undefined) || a.place - b.place;
      }
      return direction * compareKeys(a.key, b.key) || a.place - b.place;
    })
    .map(({ group }) => group);
}

function sortKey(
  sort: string,
  groups: readonly RunGroup[],
  available: readonly string[],
): (group: RunGroup) => SortKey {
  if (sort === "name") return (group) => group.name;
  if (sort === "state") return (group) => stateOf(group.runs);
  if (groups.some((group) => group.runs.some((run) => sort in run.axes))) {
    return (group) => {
      const value = group.runs[0]?.axes[sort];
      return value === undefined || typeof value === "number" ? value : JSON.stringify(value);
    };
  }
  const metric = resolveMetric(sort, available);
  return (group) => spreadOf(group.runs, metric)?.mean;
}

function compareKeys(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  // Digits within names count as numbers: "experts=16" stands after "experts=2".
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
