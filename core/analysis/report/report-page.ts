/** Puts the sections of a report together to one HTML document that asks the network for nothing. */
import { explainOrder } from "../explain-order.ts";
import type { RunSummary } from "../../run/run-summary.ts";
import type { VegaLiteSpec } from "../contracts.ts";
import type { RunStyles } from "../run-styles.ts";
import { escapeHtml, scriptJson, scriptSource } from "./html.ts";
import { featuresScript } from "./features-script.ts";
import { factList, tileList } from "./overview-section.ts";
import { reportScript } from "./report-script.ts";
import { reportStyle } from "./report-style.ts";
import { symbolSwatch } from "./symbol-swatch.ts";
import { tableSection } from "./table-section.ts";
import type { VegaAssets } from "./vega-assets.ts";

export interface DrawnPlot {
  /** The plugin's name: "mse-l0". */
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly spec: VegaLiteSpec;
}

export interface PageInput {
  readonly title: string;
  readonly runs: readonly RunSummary[];
  readonly plots: readonly DrawnPlot[];
  readonly styles: RunStyles;
  readonly diagnosis: string;
  /** Empty when no run's features were looked at. */
  readonly features: string;
  readonly details: string;
  readonly assets: VegaAssets;
  readonly createdAt: Date;
}

/** Only what is in the file: no script, style, image or connection from elsewhere. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'";

export function reportPage(input: PageInput): string {
  const { title, runs, assets } = input;
  const stamp = `${input.createdAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Switchyard report</title>
<link rel="icon" href="data:,">
<style>${reportStyle}</style>
</head>
<body>
<header class="top">
<span class="kicker brand">Switchyard report</span>
<h1>${escapeHtml(title)}</h1>
${factList(runs)}
</header>
<main>
${runs.length === 0 ? emptySection() : runSections(input)}
</main>
<footer>Written by Switchyard on <time datetime="${input.createdAt.toISOString()}">${stamp}</time>. Metrics are computed on
held-out activations; docs/metrics.md defines each. Drawn with Vega, whose licence stands in the source of this page.</footer>
<script type="application/json" id="plots-data">${scriptJson(input.plots.map(plotData))}</script>
<script>/*!\n${assets.notice.replaceAll("*/", "* /")}\n*/</script>
${assets.scripts.map(({ source }) => `<script>${scriptSource(source)}</script>`).join("\n")}
<script>${scriptSource(reportScript)}</script>
${input.features === "" ? "" : `<script>${scriptSource(featuresScript)}</script>`}
</body>
</html>
`;
}

function runSections(input: PageInput): string {
  const { runs, styles } = input;
  return `${tileList(runs)}
<p class="order"><b>The paper's order.</b> ${escapeHtml(explainOrder(runs))}</p>
<section aria-labelledby="table-title"><h2 id="table-title">Comparison</h2>
${tableSection(runs, styles)}</section>
${plotsSection(input)}
${input.diagnosis}
${input.features}
<section aria-labelledby="runs-title"><h2 id="runs-title">Runs</h2>
${input.details}</section>`;
}

function plotsSection({ plots, styles }: PageInput): string {
  if (plots.length === 0) return "";
  const legend = styles.entries.map((entry) => `<li>${symbolSwatch(entry)}${escapeHtml(entry.series)}</li>`);
  const figures = plots.map(
    (plot) =>
      `<figure class="card plot${isWide(plot) ? " wide" : ""}"><figcaption><h3>${escapeHtml(plot.title)}</h3><p>${escapeHtml(plot.caption)}</p>` +
      `</figcaption><div class="drawing" id="${plotId(plot)}"></div></figure>`,
  );
  return `<section aria-labelledby="plots-title"><h2 id="plots-title">Plots</h2>
<ul class="legend">${legend.join("")}</ul>
<div class="plots">${figures.join("\n")}</div></section>`;
}

function emptySection(): string {
  return `<div class="card empty">This sweep has no runs yet. Start it with <code>switchyard run</code>, then write the report again.</div>`;
}

/** Small multiples take the whole width. */
function isWide({ spec }: DrawnPlot): boolean {
  return spec["usermeta"] !== undefined;
}

function plotId({ name }: DrawnPlot): string {
  return `plot-${escapeHtml(name.replaceAll(/[^a-zA-Z0-9-]/g, "-"))}`;
}

function plotData(plot: DrawnPlot): { id: string; spec: VegaLiteSpec; marks: number } {
  const data = plot.spec["data"];
  const values = typeof data === "object" && data !== null && "values" in data ? data.values : undefined;
  return { id: plotId(plot), spec: plot.spec, marks: Array.isArray(values) ? values.length : 0 };
}
