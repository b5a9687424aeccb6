/** Two numbers of every finished run against each other: the common form of the MSE plots. */
import type { RunSummary } from "../run/run-summary.ts";
import type { VegaLiteSpec } from "./contracts.ts";
import { paretoFront } from "./pareto-front.ts";
import { runStyles } from "./run-styles.ts";

export interface ScatterAxis {
  readonly title: string;
  /** d3-format of ticks and tooltips; "~s" writes 1.2M. */
  readonly format: string;
  /** undefined: the run has no such value and is left out. */
  readonly valueOf: (run: RunSummary) => number | undefined;
}

export interface ScatterInput {
  readonly runs: readonly RunSummary[];
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  /** Joins the points that no other dominates (front), or the points of one series (series). */
  readonly line: "front" | "series";
}

export const mseAxis: ScatterAxis = {
  title: "MSE (summed over the width)",
  format: "~g",
  valueOf: (run) => run.metrics["reconstruction/mse"],
};

const height = 300;

/** Both axes are logarithmic. @returns undefined when no run has both values. */
export function scatterSpec({ runs, x, y, line }: ScatterInput): VegaLiteSpec | undefined {
  const styles = runStyles(runs);
  const values = runs.flatMap((run) => {
    const point = { x: x.valueOf(run), y: y.valueOf(run) };
    if (point.x === undefined || point.y === undefined || !(point.x > 0) || !(point.y > 0)) return [];
    const experts = run.shape.experts;
    return [{ series: styles.styleOf(run).series, run: run.name, experts, x: point.x, y: point.y }];
  });
  if (values.length === 0) return undefined;
  const axis = (field: "x" | "y", { title, format }: ScatterAxis) => ({
    field,
    type: "quantitative",
    title,
    scale: { type: "log", domain: paddedDomain(values.map((value) => value[field])), nice: false },
    axis: { format, tickCount: 5, labelOverlap: "greedy" },
  });
  const position = { x: axis("x", x), y: axis("y", y) };
  const colour = { field: "series", type: "nominal", title: null, scale: styles.colourScale, sort: null };
  const tooltip = [
    { field: "run", type: "nominal", title: "run" },
    { field: "experts", type: "quantitative", title: "experts" },
    { field: "x", type: "quantitative", title: x.title, format: ".4~s" },
    { field: "y", type: "quantitative", title: y.title, format: ".4~g" },
  ];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    width: "container",
    height,
    autosize: { type: "fit", contains: "padding" },
    layer: [
      line === "front"
        ? {
            data: { values: paretoFront(values) },
            mark: { type: "line", interpolate: "linear", strokeDash: [5, 4], strokeWidth: 1.5, color: "#8b909a" },
            encoding: position,
          }
        : {
            data: { values },
            mark: { type: "line", strokeWidth: 1.5, opacity: 0.6 },
            encoding: { ...position, color: colour, order: { field: "x" } },
          },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 110, opacity: 0.95, stroke: "white", strokeWidth: 0.8 },
        encoding: {
          ...position,
          color: colour,
          shape: { field: "series", type: "nominal", title: null, scale: styles.symbolScale, sort: null },
          tooltip,
        },
      },
    ],
  };
}

/** Room around the points; also when all of them are one value. */
function paddedDomain(values: readonly number[]): readonly [number, number] {
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const room = Math.max((highest / lowest) ** 0.12, 1.05);
  return [lowest / room, highest * room];
}
