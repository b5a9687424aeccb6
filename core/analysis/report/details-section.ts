/** Everything about each run that the table has no room for: all metrics, the resolved config, the provenance. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { formatNumber } from "../format-numbers.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { RunStyles } from "../run-styles.ts";
import { escapeHtml } from "./html.ts";
import { symbolSwatch } from "./symbol-swatch.ts";

/** Reads `provenance.json` of each run's folder, where there is one. */
export async function detailsSection(runs: readonly RunSummary[], styles: RunStyles): Promise<string> {
  const details: string[] = [];
  for (const run of runs) details.push(runDetails(run, styles, await readProvenance(run.folder)));
  return details.join("\n");
}

function runDetails(run: RunSummary, styles: RunStyles, provenance: string | undefined): string {
  const failure =
    run.failure === undefined
      ? ""
      : `<h4>Failure</h4><pre>${escapeHtml(`${run.failure.message}\n[${run.failure.code}]`)}</pre>`;
  const metrics = Object.entries(run.metrics).map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td title="${value}">${escapeHtml(formatNumber(value))}</td></tr>`,
  );
  const metricTable =
    metrics.length === 0
      ? ""
      : `<div><h4>Metrics</h4><table class="metrics"><tbody>${metrics.join("")}</tbody></table></div>`;
  const origin = provenance === undefined ? "" : `<div><h4>Provenance</h4><pre>${escapeHtml(provenance)}</pre></div>`;
  return (
    `<details class="run" id="run-${escapeHtml(run.id)}"><summary>${symbolSwatch(styles.styleOf(run))}` +
    `<span class="run-name">${escapeHtml(run.name)}</span>` +
    `<span class="state ${escapeHtml(run.state)}">${escapeHtml(run.state)}</span><code>${escapeHtml(run.id)}</code></summary>` +
    `${failure}<div class="columns"><div><h4>Config</h4><pre>${escapeHtml(stringify(run.config))}</pre></div>` +
    `${metricTable}${origin}</div></details>`
  );
}

/** As YAML, or as it is when it is no JSON; undefined when the run wrote none (yet). */
async function readProvenance(folder: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "provenance.json"), "utf8");
  } catch {
    return undefined; // A run that never started has none, and a report of it is still wanted.
  }
  try {
    return stringify(JSON.parse(text));
  } catch {
    return text;
  }
}
