/** Reconstruction error against sparsity: the plane in which sparse autoencoders are usually compared. */
import { Type } from "typebox";
import type { Plot } from "../../core/analysis/contracts.ts";
import { mseAxis, scatterSpec } from "../../core/analysis/scatter-spec.ts";
import type { ScatterAxis } from "../../core/analysis/scatter-spec.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

const l0Axis: ScatterAxis = {
  title: "L0 (active features a row)",
  format: "~g",
  valueOf: (run) => run.metrics["sparsity/l0"],
};

export const mseL0 = definePlugin({
  kind: "plot",
  name: "mse-l0",
  version: "1",
  summary: "MSE against the number of active features a row.",
  paper: "Mudide et al. 2024, figures 2 and 3",
  options: Type.Object({}),
  create: (): Plot => ({
    title: "Error against sparsity",
    caption: "Held-out MSE and active features a row. Lower is better at the same L0.",
    spec: (runs) => scatterSpec({ runs, x: l0Axis, y: mseAxis, line: "series" }),
  }),
});
