/** Error codes of the evaluation room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const evaluationCodes = {
  EVALUATOR_FAILED: {
    title: "An evaluator threw an error.",
    why:
      "The model is trained and its checkpoint is safe, but one of the evaluators of the config could not finish. " +
      "No evaluation is stored, because a table with silently missing columns would mislead.",
    fix:
      "Read the cause below the message. Fix the evaluator, or take it out of `evaluation.evaluators`, and start the " +
      "sweep again: training is not repeated.",
  },
  METRIC_NOT_FINITE: {
    title: "A metric came out as NaN or infinite.",
    why:
      "Nearly always the training diverged, so that the reconstruction holds NaN. A metric that is not a number can " +
      "be neither compared nor plotted, and JSON cannot hold it.",
    fix:
      "Look at the loss in metrics.jsonl. If it grew without bound, lower `training.optimizer.learningRate` or set " +
      "`training.gradientClip`. In an evaluator of your own, leave out a metric that is undefined for a run.",
  },
  NO_HELD_OUT_ROWS: {
    title: "The source keeps no rows back for evaluation.",
    why: "Metrics are computed on rows that were never trained on, and this source has none.",
    fix: "Give the source more data, or a larger held-out share in its options.",
  },
} as const satisfies Record<string, Explanation>;
