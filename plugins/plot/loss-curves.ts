/** Reconstruction loss during training, one line a run, against the activations seen. */
import { Type } from "typebox";
import type { Plot, VegaLiteSpec } from "../../core/analysis/contracts.ts";
import { runStyles } from "../../core/analysis/run-styles.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

/** Losses above this multiple of the lowest are cut off: they would press the ends of the curves together. */
const shownRange = 8;

export const lossCurves = definePlugin({
  kind: "plot",
  name: "loss-curves",
  version: "1",
  summary: "Reconstruction loss of every run during training.",
  options: Type.Object({
    maxPoints: Type.Integer({
      default: 300,
      minimum: 2,
      description: "Points kept of a run's curve, evenly spaced; keeps the report small.",
    }),
  }),
  create: ({ maxPoints }): Plot => ({
    title: "Loss during training",
    caption:
      "Reconstruction loss (squared error summed over the width) of the training batches, both axes logarithmic. The " +
      "start, far above the final loss, is cut off.",
    spec: (runs) => curvesSpec(runs, maxPoints),
  }),
});

function curvesSpec(runs: readonly RunSummary[], maxPoints: number): VegaLiteSpec | undefined {
  const styles = runStyles(runs);
  const values = runs.flatMap((run) =>
    thinned(run.steps, maxPoints).flatMap((record) => {
      const loss = record.losses["reconstruction"] ?? record.loss;
      // A logarithmic axis has no place for zero, nor for the NaN of a run that diverged.
      if (!(loss > 0) || !Number.isFinite(loss)) return [];
      return [{ series: styles.styleOf(run).series, run: run.name, rows: record.rows, step: record.step, loss }];
    }),
  );
  if (values.length === 0) return undefined;
  const losses = values.map(({ loss }) => loss);
  const [lowest, highest] = [Math.min(...losses), Math.max(...losses)];
  const first = Math.min(...values.filter(({ loss }) => loss <= lowest * shownRange).map(({ rows }) => rows));
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    width: "container",
    height: 300,
    autosize: { type: "fit", contains: "padding" },
    data: { values },
    mark: { type: "line", strokeWidth: 1.8, interpolate: "monotone", clip: true },
    encoding: {
      x: {
        field: "rows",
        type: "quantitative",
        title: "activations seen",
        scale: { type: "log", nice: false, domainMin: first },
        axis: { format: "~s", tickCount: 6, labelOverlap: "greedy" },
      },
      y: {
        field: "loss",
        type: "quantitative",
        title: "reconstruction loss",
        scale: { type: "log", nice: false, domain: [lowest * 0.97, Math.min(highest, lowest * shownRange)] },
        axis: { format: "~g", tickCount: 5, labelOverlap: "greedy" },
      },
      color: { field: "series", type: "nominal", title: null, scale: styles.colourScale, sort: null },
      detail: { field: "run", type: "nominal" },
      tooltip: [
        { field: "run", type: "nominal", title: "run" },
        { field: "step", type: "quantitative", title: "step", format: "," },
        { field: "rows", type: "quantitative", title: "activations", format: ".3~s" },
        { field: "loss", type: "quantitative", title: "loss", format: ".4~g" },
      ],
    },
  };
}

/** At most `most` items, evenly spaced, the first and the last among them. */
function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const places = Array.from({ length: most }, (_unused, i) => Math.round((i * (items.length - 1)) / (most - 1)));
  return places.flatMap((place) => items.slice(place, place + 1));
}
