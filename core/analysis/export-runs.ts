/** Runs for other programs: CSV and JSON, one record a run (never grouped), numbers in full precision. */
import type { RunSummary } from "../run/run-summary.ts";
import { metricsOf } from "./metric-columns.ts";

/**
 * RFC 4180: CRLF, fields with a comma, a quote or a line break in quotes. Columns: id, name, sweep, state, every swept
 * path, then the metrics.
 * @param metrics Full names; without them, every metric that any run has.
 */
export function runsToCsv(runs: readonly RunSummary[], metrics: readonly string[] = metricsOf(runs)): string {
  const paths = [...new Set(runs.flatMap((run) => Object.keys(run.axes)))];
  const header = ["id", "name", "sweep", "state", ...paths, ...metrics];
  const records = runs.map((run) => [
    run.id,
    run.name,
    run.sweep,
    run.state,
    ...paths.map((path) => plainText(run.axes[path])),
    ...metrics.map((metric) => plainText(run.metrics[metric])),
  ]);
  return [header, ...records].map((record) => `${record.map(csvField).join(",")}\r\n`).join("");
}

/** A JSON array of `{id, name, state, config, metrics}`, in the order of the runs. */
export function runsToJson(runs: readonly RunSummary[]): string {
  const records = runs.map(({ id, name, state, config, metrics }) => ({ id, name, state, config, metrics }));
  return `${JSON.stringify(records, null, 2)}\n`;
}

function plainText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function csvField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
