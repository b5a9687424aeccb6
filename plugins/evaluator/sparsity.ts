/**
 * How many features are active, and how many never are.
 *
 *   l0             = mean over rows of the number of features whose value is not zero, after selection
 *   dead-fraction  = |features that are active on none of the first `windowRows` evaluated rows| / F
 *
 * A feature that was selected with the value zero (fewer than k positive pre-activations) does not count as active;
 * the authors' trainer counts it. "Dead" only means something with its window: a feature that fires once in 10,000
 * rows is dead to a window of 1,000. Hence `dead-window-rows` beside it.
 *
 * Shapes: B rows of a batch, F features.
 * @see Gao et al. 2024 (arXiv 2406.04093), appendix A.2 (dead latents, by a window of tokens); amudide/switch_sae
 *   evaluation.py and trainers/switch.py, which count otherwise (docs/metrics.md)
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import { visitActiveFeatures } from "../../core/evaluation/active-features.ts";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

/** Half a decade a bin, from one row in a million to every row. */
const binWidth = 0.5;
const lowestLog10 = -6;

export const sparsity = definePlugin({
  kind: "evaluator",
  name: "sparsity",
  version: "1",
  summary: "Active features a row, dead features, and how often features fire.",
  options: Type.Object({
    windowRows: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          "Evaluated rows that a feature must stay silent on to count as dead; all evaluated rows when left out.",
      }),
    ),
  }),
  create: ({ windowRows }): Evaluator => ({
    metrics: {
      l0: { summary: "Mean number of active features (value not zero, after selection) of a row." },
      "dead-fraction": {
        summary: `Share of features active on none of ${
          windowRows === undefined ? "the evaluated held-out rows" : `the first ${windowRows} held-out rows`
        } (dead-window-rows says how many those were).`,
        better: "lower",
      },
      "dead-window-rows": { summary: "Rows that dead-fraction looked at.", unit: "rows" },
    },
    begin: ({ shape }) => {
      const firings_F = new Uint32Array(shape.features);
      let window_F: Uint32Array | undefined;
      let rows = 0;
      let active = 0;
      return {
        observe: async ({ acts_BD, code }) => {
          const windowLeft = (windowRows ?? Number.POSITIVE_INFINITY) - rows;
          // A batch may straddle the end of the window: its first rows count, the others do not.
          if (windowLeft < acts_BD.shape[0]) window_F ??= firings_F.slice();
          await visitActiveFeatures(code, shape.featuresPerExpert, (row, feature) => {
            firings_F[feature]! += 1;
            if (window_F !== undefined && row < windowLeft) window_F[feature]! += 1;
            active += 1;
          });
          rows += acts_BD.shape[0];
        },
        finish: (): EvaluationResult => ({
          metrics: {
            l0: active / rows,
            "dead-fraction": (window_F ?? firings_F).filter((count) => count === 0).length / shape.features,
            "dead-window-rows": Math.min(rows, windowRows ?? rows),
          },
          artefacts: { density: densityHistogram(firings_F, rows) },
        }),
      };
    },
  }),
});

/** How many features fire how often: log10 of the share of rows, in bins; features that never fire stand apart. */
function densityHistogram(firings_F: Uint32Array, rows: number) {
  const counts = new Array<number>(-lowestLog10 / binWidth).fill(0);
  let silent = 0;
  for (const firings of firings_F) {
    if (firings === 0) {
      silent += 1;
      continue;
    }
    const bin = Math.floor((Math.log10(firings / rows) - lowestLog10) / binWidth);
    counts[Math.min(Math.max(bin, 0), counts.length - 1)]! += 1;
  }
  return { log10From: lowestLog10, log10Step: binWidth, counts, silent, rows };
}
