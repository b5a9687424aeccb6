/** Reconstruction error against the time that training took: whether saved FLOPs show on the clock. */
import { Type } from "typebox";
import type { Plot } from "../../core/analysis/contracts.ts";
import { mseAxis, scatterSpec } from "../../core/analysis/scatter-spec.ts";
import type { ScatterAxis } from "../../core/analysis/scatter-spec.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

const secondsAxis: ScatterAxis = { title: "training seconds (measured)", format: "~s", valueOf: trainingSeconds };

export const mseSeconds = definePlugin({
  kind: "plot",
  name: "mse-seconds",
  version: "1",
  summary: "MSE against measured training seconds, with the Pareto front.",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Error against seconds",
    caption:
      "Median measured time of a step times the number of steps, without data loading. The dashed line joins the " +
      "Pareto front: no run is better in both.",
    spec: (runs) => scatterSpec({ runs, x: secondsAxis, y: mseAxis, line: "front" }),
  }),
});

function trainingSeconds({ metrics, config }: RunSummary): number | undefined {
  const stepMs = metrics["cost/step-ms"];
  return stepMs === undefined ? undefined : (stepMs * config.training.steps) / 1000;
}
