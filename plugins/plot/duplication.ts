/** How alike the features of different experts are: the matrix of mean largest cosines between experts. */
import { Type } from "typebox";
import type { Plot, VegaLiteSpec } from "../../core/analysis/contracts.ts";
import { runStyles } from "../../core/analysis/run-styles.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

const panelWidth = 150;

export const duplication = definePlugin({
  kind: "plot",
  name: "duplication",
  version: "1",
  summary: "Similarity of the features of every pair of experts.",
  paper: "Mudide et al. 2024, section 5 (feature geometry)",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Similarity between experts",
    caption:
      "For the features of the row's expert, the mean of the largest decoder cosine to any feature of the column's expert " +
      "(itself excluded). Bright squares off the diagonal are features learnt twice. Of replicates, the first seed is shown.",
    spec: matrixSpec,
  }),
});

function matrixSpec(runs: readonly RunSummary[]): VegaLiteSpec | undefined {
  const styles = runStyles(runs);
  const shown = new Map<string, readonly (readonly unknown[])[]>();
  for (const run of runs) {
    const matrix = matrixOf(run);
    if (matrix.length > 1 && !shown.has(styles.nameOf(run))) shown.set(styles.nameOf(run), matrix);
  }
  if (shown.size === 0) return undefined;
  const values = [...shown].flatMap(([name, matrix]) =>
    matrix.flatMap((row, from) =>
      row.flatMap((cosine, to) => (typeof cosine === "number" ? [{ name, from, to, cosine }] : [])),
    ),
  );
  const highest = Math.max(...values.map(({ cosine }) => cosine));
  const lowest = Math.min(0, ...values.map(({ cosine }) => cosine));
  const axis = {
    labelAngle: 0,
    labelOverlap: "greedy",
    labelSeparation: 4,
    ticks: false,
    labelPadding: 4,
    domain: false,
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    usermeta: { panels: shown.size, panelWidth, panelMargin: 52 },
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
      height: panelWidth,
      mark: { type: "rect" },
      encoding: {
        x: { field: "to", type: "ordinal", title: "nearest in expert", axis },
        y: { field: "from", type: "ordinal", title: "features of expert", axis },
        color: {
          field: "cosine",
          type: "quantitative",
          title: "mean largest cosine",
          scale: { scheme: "viridis", domain: [lowest, highest] },
          legend: { orient: "bottom", direction: "horizontal", gradientLength: 180, format: "~g", tickCount: 4 },
        },
        tooltip: [
          { field: "name", type: "nominal", title: "run" },
          { field: "from", type: "ordinal", title: "features of expert" },
          { field: "to", type: "ordinal", title: "nearest in expert" },
          { field: "cosine", type: "quantitative", title: "mean largest cosine", format: ".3f" },
        ],
      },
    },
    resolve: { scale: { x: "independent", y: "independent" } },
  };
}

/** The artefact comes from a file: what is not a matrix is none. */
function matrixOf(run: RunSummary): readonly (readonly unknown[])[] {
  const matrix = run.artefacts["duplication"]?.["expert-cosine"];
  return Array.isArray(matrix) ? matrix.filter((row) => Array.isArray(row)) : [];
}
