/**
 * What the run cost: by arithmetic, as the paper counts it, and by the clock.
 *
 *   flops-per-row    = 4 D M R                       the paper's accounting: forward, routed blocks only
 *   training-flops   = forward, backward and updates of all steps as computed here (core/model/cost.ts)
 *   rows-per-second  = 1000 B / step-ms              without data loading, as step-ms
 *
 * Shapes: B rows of a batch, D width, M features an expert, R experts a row.
 */
import { Type } from "typebox";
import type { EvaluationContext, Evaluator } from "../../core/evaluation/contracts.ts";
import { accountCost } from "../../core/model/cost.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

const bytesPerMegabyte = 1e6;

export const cost = definePlugin({
  kind: "evaluator",
  name: "cost",
  version: "1",
  summary: "FLOPs by the paper's accounting, and measured time and memory.",
  paper: "Mudide et al. 2024, section 4.2 (FLOPs)",
  options: Type.Object({}),
  create: (): Evaluator => ({
    metrics: {
      "flops-per-row": {
        summary: "Forward FLOPs of one row by the paper's accounting.",
        unit: "FLOP",
        better: "lower",
      },
      "training-flops": { summary: "FLOPs of the whole training as computed here.", unit: "FLOP", better: "lower" },
      "step-ms": {
        summary: "Median wall-clock of a training step, without data loading.",
        unit: "ms",
        better: "lower",
      },
      "rows-per-second": { summary: "Rows trained on per second at that pace.", unit: "rows/s", better: "higher" },
      "peak-memory-mb": { summary: "Largest resident set of the process, 10^6 bytes.", unit: "MB", better: "lower" },
      parameters: { summary: "Trainable numbers.", unit: "parameters" },
    },
    begin: (context) => ({ finish: () => ({ metrics: { ...accounted(context), ...measured(context) } }) }),
  }),
});

function accounted({ model, shape, activeFeatures, training }: EvaluationContext): Record<string, number> {
  const { flopsPerRow, trainingFlops } = accountCost({
    shape,
    activeFeatures,
    batchSize: training.batchSize,
    steps: training.steps,
    encoderBias: model.parameters.has("encoder_bias"),
  });
  // Counted rather than accounted, so that a router with any parameters of its own is counted right.
  const parameters = model.parameters.all.reduce((sum, { variable }) => sum + variable.size, 0);
  return { "flops-per-row": flopsPerRow, "training-flops": trainingFlops, parameters };
}

/** Nothing is said of what was not measured (a model that was only loaded has no steps). */
function measured({ training: { batchSize, stepMs, peakMemoryBytes } }: EvaluationContext): Record<string, number> {
  const isTimed = Number.isFinite(stepMs) && stepMs > 0;
  const isWeighed = Number.isFinite(peakMemoryBytes) && peakMemoryBytes > 0;
  return {
    ...(isTimed ? { "step-ms": stepMs, "rows-per-second": (1000 * batchSize) / stepMs } : {}),
    ...(isWeighed ? { "peak-memory-mb": peakMemoryBytes / bytesPerMegabyte } : {}),
  };
}
