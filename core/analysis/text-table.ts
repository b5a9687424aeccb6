/** A comparison as an aligned table for a terminal. Plain characters only, so that it survives a log file. */
import type { RunSummary } from "../run/run-summary.ts";
import type { Comparison, ComparisonCell } from "./compare-runs.ts";
import { formatOfColumn } from "./format-numbers.ts";
import type { MetricColumn } from "./metric-columns.ts";

interface TextColumn {
  readonly header: string;
  readonly align: "left" | "right";
  readonly cells: readonly string[];
}

/**
 * One line a row; missing values are "-", the best of a column ends in "*", replicates read "mean +- deviation".
 * Below it, why failed runs failed.
 */
export function formatComparison(comparison: Comparison): string {
  if (comparison.rows.length === 0) return "no runs\n";
  const metricColumns = comparison.columns.map((column, i) =>
    metricColumn(
      column,
      comparison.rows.map((row) => row.cells[i]),
    ),
  );
  const columns: readonly TextColumn[] = [
    { header: "run", align: "left", cells: comparison.rows.map(rowName) },
    ...metricColumns,
    { header: "state", align: "left", cells: comparison.rows.map((row) => row.state) },
  ];
  const lines = [layOut(columns, (column) => column.header)];
  comparison.rows.forEach((_row, r) => lines.push(layOut(columns, (column) => column.cells[r] ?? "")));
  const hasBest = comparison.rows.some((row) => row.cells.some((cell) => cell?.isBest));
  if (hasBest) lines.push("", "* best of its column");
  const failures = comparison.runs.filter((run) => run.failure !== undefined && run.state === "failed");
  if (failures.length > 0) lines.push("", "failed:", ...failures.map((run) => `  ${run.name}: ${failureOf(run)}`));
  return `${lines.join("\n")}\n`;
}

/** "message [CODE]" of a failed run, on one line. */
export function failureOf(run: RunSummary): string {
  if (run.failure === undefined) return "";
  const message = run.failure.message.split("\n", 1)[0] ?? "";
  return message.includes(`[${run.failure.code}]`) ? message : `${message} [${run.failure.code}]`;
}

function rowName(row: { readonly name: string; readonly runs: readonly RunSummary[] }): string {
  return row.runs.length > 1 ? `${row.name} (${row.runs.length} seeds)` : row.name;
}

function metricColumn(column: MetricColumn, cells: readonly (ComparisonCell | undefined)[]): TextColumn {
  const present = cells.filter((cell) => cell !== undefined);
  const format = formatOfColumn(
    present.map(({ mean }) => mean),
    column.unit,
  );
  const isMarked = present.some((cell) => cell.isBest);
  const written = cells.map((cell) => {
    if (cell === undefined) return isMarked ? "- " : "-";
    const deviation = cell.deviation === undefined ? "" : ` +- ${format.write(cell.deviation)}`;
    return format.write(cell.mean) + deviation + (cell.isBest ? "*" : isMarked ? " " : "");
  });
  // A unit that the name ends with already ("step-ms") is not said twice.
  const isSaid = format.unit === "" || column.label.endsWith(`-${format.unit}`);
  return { header: isSaid ? column.label : `${column.label} [${format.unit}]`, align: "right", cells: written };
}

function layOut(columns: readonly TextColumn[], textOf: (column: TextColumn) => string): string {
  return columns
    .map((column) => {
      const width = Math.max(column.header.length, ...column.cells.map((cell) => cell.length));
      return column.align === "left" ? textOf(column).padEnd(width) : textOf(column).padStart(width);
    })
    .join("  ")
    .trimEnd();
}
