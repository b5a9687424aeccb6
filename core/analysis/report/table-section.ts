/** The comparison as an HTML table: sorted by a click on a header, the first column and the header stay in view. */
import { compareRuns } from "../compare-runs.ts";
import type { ComparisonCell, ComparisonRow } from "../compare-runs.ts";
import { formatOfColumn } from "../format-numbers.ts";
import type { ColumnFormat } from "../format-numbers.ts";
import { defaultMetrics, metricsOf } from "../metric-columns.ts";
import type { MetricColumn } from "../metric-columns.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { RunStyles } from "../run-styles.ts";
import { failureOf } from "../text-table.ts";
import { escapeHtml } from "./html.ts";
import { symbolSwatch } from "./symbol-swatch.ts";

/** Shown beside the default columns where a run has them. */
const extraMetrics = ["recovery/recovered", "sparsity/dead-fraction", "duplication/duplicates"];

export function tableSection(runs: readonly RunSummary[], styles: RunStyles): string {
  const present = new Set(metricsOf(runs));
  const metrics = [...defaultMetrics.slice(0, 4), ...extraMetrics, ...defaultMetrics.slice(4)];
  const { columns, rows } = compareRuns(runs, { metrics: metrics.filter((metric) => present.has(metric)) });
  const formats = columns.map((column, c) =>
    formatOfColumn(
      rows.flatMap((row) => row.cells[c]?.mean ?? []),
      column.unit,
    ),
  );
  const header = [
    headerCell({ label: "run", summary: "Name of the run" }, "text"),
    headerCell({ label: "E", summary: "Experts" }, "number"),
    headerCell({ label: "F", summary: "Features, over all experts" }, "number"),
    ...columns.map((column, c) => headerCell({ ...column, unit: formats[c]?.unit ?? "" }, "number")),
    headerCell({ label: "state", summary: "State of the run" }, "text"),
  ];
  const body = rows.map((row) => tableRow(row, columns, formats, styles));
  return (
    `<div class="card scroll" tabindex="0" role="region" aria-label="Comparison of the runs"><table id="comparison">` +
    `<thead><tr>${header.join("")}</tr></thead>\n<tbody>${body.join("\n")}</tbody></table></div>` +
    `<p class="note">Bold is the best of a column. Click a header to sort.</p>${failureList(runs)}`
  );
}

function headerCell(column: Partial<MetricColumn> & { readonly label: string }, type: "text" | "number"): string {
  const isSaid = column.unit === undefined || column.unit === "" || column.label.endsWith(`-${column.unit}`);
  const unit = isSaid ? "" : ` <span class="unit">${escapeHtml(column.unit ?? "")}</span>`;
  const title = [column.metric, column.summary].filter((part) => part !== undefined).join(": ");
  return (
    `<th scope="col" class="${type}" title="${escapeHtml(title)}">` +
    `<button type="button" data-sort="${type}">${escapeHtml(column.label.replaceAll("-", " "))}${unit}</button></th>`
  );
}

function tableRow(
  row: ComparisonRow,
  columns: readonly MetricColumn[],
  formats: readonly ColumnFormat[],
  styles: RunStyles,
): string {
  const [first] = row.runs;
  if (first === undefined) return "";
  const seeds = row.runs.length > 1 ? ` <span class="unit">${row.runs.length} seeds</span>` : "";
  const swatch = symbolSwatch(styles.styleOf(first));
  const cells = columns.map((_column, c) => metricCell(row.cells[c], formats[c]));
  return (
    `<tr><th scope="row" data-value="${escapeHtml(row.name)}"><span class="name">${swatch}` +
    `<span>${escapeHtml(row.name)}${seeds}</span></span></th>` +
    plainCell(first.shape.experts) +
    plainCell(first.shape.features) +
    `${cells.join("")}<td class="text" data-value="${escapeHtml(row.state)}">` +
    `<span class="state ${escapeHtml(first.state)}">${escapeHtml(row.state)}</span></td></tr>`
  );
}

function plainCell(value: number): string {
  return `<td class="number" data-value="${value}">${value}</td>`;
}

function metricCell(cell: ComparisonCell | undefined, format: ColumnFormat | undefined): string {
  if (cell === undefined || format === undefined) return '<td class="number missing" data-value="">-</td>';
  const deviation =
    cell.deviation === undefined ? "" : ` <span class="unit">&plusmn; ${format.write(cell.deviation)}</span>`;
  const best = cell.isBest ? " best" : "";
  return `<td class="number${best}" data-value="${cell.mean}">${format.write(cell.mean)}${deviation}</td>`;
}

function failureList(runs: readonly RunSummary[]): string {
  const failed = runs.filter((run) => run.failure !== undefined && run.state === "failed");
  if (failed.length === 0) return "";
  const items = failed.map((run) => `<li><b>${escapeHtml(run.name)}</b> ${escapeHtml(failureOf(run))}</li>`);
  return `<div class="failures"><h3>Failed runs</h3><ul>${items.join("")}</ul></div>`;
}
