/** Error codes of the analysis room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const analysisCodes = {
  UNKNOWN_METRIC: {
    title: "No run has a metric of this name.",
    why:
      "Metrics are named `<evaluator>/<metric>`, as in evaluation.json. The part behind the slash is enough when only " +
      "one evaluator has a metric of that name. A run has the metrics of the evaluators that its config lists.",
    fix: "Take one of the names that the message lists, or add its evaluator to `evaluation.evaluators` and run again.",
    example: "switchyard compare runs/quickstart --sort mse        (short for reconstruction/mse)",
  },
  AMBIGUOUS_METRIC: {
    title: "Several evaluators have a metric of this short name.",
    why: "The part of a metric's name behind the slash is only accepted when it can mean one metric.",
    fix: "Write the full name, with its evaluator: `duplication/mean-max-cosine`.",
  },
  PLOT_FAILED: {
    title: "A plot plugin threw an error.",
    why: "The plot could not be made from the runs. The report is not written, so that no plot is missing unnoticed.",
    fix: "Read the cause below the message. Fix the plot, or take it out of `report.plots`.",
  },
  REPORT_ASSET_MISSING: {
    title: "A file of the plotting library is not where it is expected.",
    why: "The report is one file that works offline, so Vega, Vega-Lite and Vega-Embed are copied into it.",
    fix: "Install the dependencies again: `npm ci`.",
  },
} as const satisfies Record<string, Explanation>;
