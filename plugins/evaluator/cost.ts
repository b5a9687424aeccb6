/**
 * What the run cost: by arithmetic, as the paper counts it; by counting kernel calls; and by the clock.
 *
 *   flops-per-row                    = 4 D M R       the paper's accounting: forward, routed blocks only
 *   training-flops                   = forward, backward and updates of all steps as computed here (core/model/cost.ts)
 *   measured-flops-per-row           = FLOPs of the kernels of a forward pass / rows     (core/evaluation/measured-flops.ts)
 *   measured-training-flops-per-row  = the same of a forward and backward pass of the squared error
 *   rows-per-second                  = 1000 B / step-ms              without data loading, as step-ms
 *
 * Shapes: B rows of a batch, D width, M features an expert, R experts a row.
 */
import { Type } from "typebox";
import type { EvaluationContext, Evaluator } from "../../core/evaluation/contracts.ts";
import { measureFlops } from "../../core/evaluation/measured-flops.ts";
import type { MeasuredFlops } from "../../core/evaluation/measured-flops.ts";
import { accountCost } from "../../core/model/cost.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, tensorFlowRef } from "../../core/services.ts";

const bytesPerMegabyte = 1e6;
/** FLOPs grow in proportion to the rows, so a few tell what one costs. */
const mostMeasuredRows = 256;

export const cost = definePlugin({
  kind: "evaluator",
  name: "cost",
  version: "3",
  summary: "FLOPs by the paper's accounting and counted at the kernels, and measured time and memory.",
  paper: "Mudide et al. 2024, section 4.2 (FLOPs)",
  options: Type.Object({}),
  deps: { tf: tensorFlowRef, kernels: kernelsRef },
  create: (_options, { tf, kernels }): Evaluator => ({
    metrics: {
      "flops-per-row": {
        summary: "Forward FLOPs of one row by the paper's accounting.",
        unit: "FLOP",
        better: "lower",
      },
      "training-flops": { summary: "FLOPs of the whole training as computed here.", unit: "FLOP", better: "lower" },
      "measured-flops-per-row": {
        summary: "FLOPs of one row counted over the kernel calls of a forward pass.",
        unit: "FLOP",
        better: "lower",
      },
      "measured-training-flops-per-row": {
        summary: "The same of a forward and backward pass of the squared error, without the update.",
        unit: "FLOP",
        better: "lower",
      },
      "step-ms": {
        summary: "Median wall-clock of a training step, without data loading.",
        unit: "ms",
        better: "lower",
      },
      "rows-per-second": { summary: "Rows trained on per second at that pace.", unit: "rows/s", better: "higher" },
      "peak-memory-mb": { summary: "Largest resident set of the process, 10^6 bytes.", unit: "MB", better: "lower" },
      parameters: { summary: "Trainable numbers.", unit: "parameters" },
    },
    begin: (context) => {
      let flops: MeasuredFlops | undefined;
      return {
        observe: async ({ acts_BD }) => {
          if (flops !== undefined) return;
          const [numRows, width] = acts_BD.shape;
          const some_BD = tf.slice(acts_BD, [0, 0], [Math.min(numRows, mostMeasuredRows), width]);
          try {
            flops = await measureFlops({ tf, kernels, model: context.model, acts_BD: some_BD });
          } finally {
            some_BD.dispose();
          }
        },
        finish: () => ({ metrics: { ...accounted(context), ...counted(flops), ...measured(context) } }),
      };
    },
  }),
});

function accounted({ model, shape, router, activeFeatures, training }: EvaluationContext): Record<string, number> {
  const { flopsPerRow, trainingFlops } = accountCost({
    shape,
    router,
    activeFeatures,
    batchSize: training.batchSize,
    steps: training.steps,
    encoderBias: model.parameters.has("encoder_bias"),
  });
  // Counted rather than accounted, so that a router with any parameters of its own is counted right.
  const parameters = model.parameters.all.reduce((sum, { variable }) => sum + variable.size, 0);
  return { "flops-per-row": flopsPerRow, "training-flops": trainingFlops, parameters };
}

function counted(flops: MeasuredFlops | undefined): Record<string, number> {
  if (flops === undefined) return {};
  const { forward, withBackward } = flops;
  return {
    "measured-flops-per-row": forward,
    ...(withBackward === undefined ? {} : { "measured-training-flops-per-row": withBackward }),
  };
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
