/** How many rows each expert gets, beside the equal share. */
import { Type } from "typebox";
import type { Plot, VegaLiteSpec } from "../../core/analysis/contracts.ts";
import { runStyles } from "../../core/analysis/run-styles.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

const panelWidth = 210;

export const expertLoad = definePlugin({
  kind: "plot",
  name: "expert-load",
  version: "1",
  summary: "Load of every expert relative to an equal share.",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Load of the experts",
    caption:
      "Rows that went to each expert of the held-out rows, relative to an equal share (the line at 1). Of replicates, " +
      "the first seed is shown.",
    spec: loadSpec,
  }),
});

function loadSpec(runs: readonly RunSummary[]): VegaLiteSpec | undefined {
  const styles = runStyles(runs);
  const shown = new Map<string, RunSummary>();
  for (const run of runs) {
    if (loadOf(run).length > 1 && !shown.has(styles.nameOf(run))) shown.set(styles.nameOf(run), run);
  }
  if (shown.size === 0) return undefined;
  const values = [...shown].flatMap(([name, run]) => {
    const load = loadOf(run);
    const { series } = styles.styleOf(run);
    return load.map((share, expert) => ({ name, series, expert, share, relative: share * load.length }));
  });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    usermeta: { panels: shown.size, panelWidth, panelMargin: 42 },
    data: { values },
    columns: 2,
    facet: {
      field: "name",
      type: "nominal",
      title: null,
      sort: [...shown.keys()],
      header: { labelLimit: panelWidth + 45 },
    },
    spec: {
      width: panelWidth,
      height: 110,
      layer: [
        {
          mark: { type: "bar", cornerRadiusEnd: 1 },
          encoding: {
            x: {
              field: "expert",
              type: "ordinal",
              title: "expert",
              axis: { labelAngle: 0, labelOverlap: "greedy", labelSeparation: 4, ticks: false, labelPadding: 5 },
              scale: { paddingInner: 0.15 },
            },
            y: {
              field: "relative",
              type: "quantitative",
              title: "load / equal share",
              axis: { tickCount: 4, format: "~g" },
              scale: { zero: true },
            },
            color: { field: "series", type: "nominal", title: null, scale: styles.colourScale, sort: null },
            tooltip: [
              { field: "name", type: "nominal", title: "run" },
              { field: "expert", type: "ordinal", title: "expert" },
              { field: "share", type: "quantitative", title: "share of rows", format: ".2%" },
              { field: "relative", type: "quantitative", title: "relative to equal share", format: ".3~g" },
            ],
          },
        },
        {
          mark: { type: "rule", strokeDash: [4, 3], strokeWidth: 1.2, color: "#8b909a" },
          encoding: { y: { datum: 1 } },
        },
      ],
    },
    resolve: { scale: { x: "independent" } },
  };
}

/** The artefact comes from a file: what is not a list of numbers is no load. */
function loadOf(run: RunSummary): readonly number[] {
  const load = run.artefacts["routing"]?.["load"];
  return Array.isArray(load) ? load.filter((share) => typeof share === "number") : [];
}
