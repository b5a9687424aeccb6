/** Where the features of each expert lie: the maps of encoder and decoder rows that the evaluator `geometry` made. */
import { Type } from "typebox";
import type { Plot, VegaLiteSpec } from "../../core/analysis/contracts.ts";
import { runStyles } from "../../core/analysis/run-styles.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

const panelWidth = 230;

export const featureMap = definePlugin({
  kind: "plot",
  name: "feature-map",
  version: "1",
  summary: "Maps of encoder and decoder rows, coloured by expert; needs the evaluator geometry.",
  paper: "Mudide et al. 2024, section 5 (feature geometry)",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Map of the features",
    caption:
      "Every point is a feature; features whose rows point in similar directions lie close to each other (UMAP, by cosine). " +
      "A colour is an expert. Only what is near means something, not the axes and not how far clusters are apart. " +
      "Of replicates, the first seed is shown.",
    spec: mapSpec,
  }),
});

interface FeatureMap {
  readonly features: readonly number[];
  readonly experts: readonly number[];
  readonly encoder: readonly (readonly number[])[];
  readonly decoder: readonly (readonly number[])[];
}

function mapSpec(runs: readonly RunSummary[]): VegaLiteSpec | undefined {
  const styles = runStyles(runs);
  const shown = new Map<string, readonly [run: RunSummary, map: FeatureMap]>();
  for (const run of runs) {
    const map = mapOf(run);
    if (map !== undefined && !shown.has(styles.nameOf(run))) shown.set(styles.nameOf(run), [run, map]);
  }
  if (shown.size === 0) return undefined;
  const panels = [...shown].flatMap(([name, [run, map]]) =>
    (["encoder", "decoder"] as const).map((matrix) => ({
      panel: `${name}: ${matrix}`,
      points: map[matrix].map(([x, y], i) => {
        const expert = map.experts[i] ?? 0;
        return { x, y, expert, feature: map.features[i] ?? 0, colour: colourOf(expert, run.shape.experts) };
      }),
    })),
  );
  const hidden = {
    axis: { labels: false, ticks: false, grid: false, domain: false },
    scale: { zero: false, nice: false },
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    usermeta: { panels: panels.length, panelWidth, panelMargin: 24, panelsTogether: 2 },
    data: { values: panels.flatMap(({ panel, points }) => points.map((point) => ({ panel, ...point }))) },
    columns: 2,
    facet: {
      field: "panel",
      type: "nominal",
      title: null,
      sort: panels.map(({ panel }) => panel),
      header: { labelLimit: panelWidth + 20 },
    },
    spec: {
      width: panelWidth,
      height: panelWidth,
      mark: { type: "point", filled: true, size: 9, opacity: 0.85 },
      encoding: {
        x: { field: "x", type: "quantitative", title: null, ...hidden },
        y: { field: "y", type: "quantitative", title: null, ...hidden },
        color: { field: "colour", type: "nominal", scale: null },
        tooltip: [
          { field: "panel", type: "nominal", title: "run" },
          { field: "expert", type: "ordinal", title: "expert" },
          { field: "feature", type: "ordinal", title: "feature" },
        ],
      },
    },
    resolve: { scale: { x: "independent", y: "independent" } },
  };
}

/** Hues around the circle, lighter and darker in turn so that neighbouring ones can be told apart. */
function colourOf(expert: number, numExperts: number): string {
  const hue = Math.round(((expert * 360) / numExperts + 205) % 360);
  return `hsl(${hue}, 65%, ${expert % 2 === 0 ? 45 : 62}%)`;
}

/** The artefact comes from a file: what is not a map is none. */
function mapOf({ artefacts }: RunSummary): FeatureMap | undefined {
  const map = artefacts["geometry"]?.["map"];
  if (typeof map !== "object" || map === null) return undefined;
  const { features, experts, encoder, decoder } = map as Readonly<Record<string, unknown>>;
  if (!isList(features, isNumber) || !isList(experts, isNumber)) return undefined;
  if (!isList(encoder, isPoint) || !isList(decoder, isPoint)) return undefined;
  const isWhole = [experts, encoder, decoder].every(({ length }) => length === features.length);
  return isWhole && features.length > 0 ? { features, experts, encoder, decoder } : undefined;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isPoint(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length === 2 && value.every(isNumber);
}
