/** Reconstruction error against the arithmetic that training took. */
import { Type } from "typebox";
import type { Plot } from "../../core/analysis/contracts.ts";
import { mseAxis, scatterSpec } from "../../core/analysis/scatter-spec.ts";
import type { ScatterAxis } from "../../core/analysis/scatter-spec.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import type { RunSummary } from "../../core/run/run-summary.ts";

const flopsAxis: ScatterAxis = { title: "training FLOPs (paper's accounting)", format: "~s", valueOf: accountedFlops };

export const mseFlops = definePlugin({
  kind: "plot",
  name: "mse-flops",
  version: "1",
  summary: "MSE against accounted training FLOPs, with the Pareto front.",
  paper: "Mudide et al. 2024, figure 1 and section 4.2",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Error against FLOPs",
    caption:
      "FLOPs of a row, as the paper counts them (4 D M R), times the activations trained on. The dashed line joins the " +
      "Pareto front: no run is better in both.",
    spec: (runs) => scatterSpec({ runs, x: flopsAxis, y: mseAxis, line: "front" }),
  }),
});

function accountedFlops({ metrics, config }: RunSummary): number | undefined {
  const flopsPerRow = metrics["cost/flops-per-row"];
  return flopsPerRow === undefined ? undefined : flopsPerRow * config.training.steps * config.training.batchSize;
}
