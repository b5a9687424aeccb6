/**
 * How well the reconstructions match the activations.
 *
 *   mse     = mean over rows of sum over D of (x - x_hat)^2             (the paper's MSE: summed, not averaged, over D)
 *   fvu     = sum (x - x_hat)^2 / sum (x - mean)^2                      (over all rows; mean is over all rows too)
 *   cosine  = mean over rows of x . x_hat / (|x| |x_hat|)
 *
 * All sums are float64. The fvu of one batch, which some libraries report, depends on the batch; this one does not.
 * `compat` adds the numbers of other libraries (core/evaluation/compat-sums.ts). `withoutFirst` gives every metric a
 * second time without the rows of each context's first position, whose activations are of another size.
 *
 * Shapes: B rows of a batch, D width.
 */
import { Type } from "typebox";
import { CompatSums, compatMetrics } from "../../core/evaluation/compat-sums.ts";
import type { Evaluator, MetricDescription } from "../../core/evaluation/contracts.ts";
import { ReconstructionSums } from "../../core/evaluation/reconstruction-sums.ts";
import { everyRow, rowsAfterFirst } from "../../core/evaluation/row-pairs.ts";
import type { RowPairs } from "../../core/evaluation/row-pairs.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

const ownMetrics: Readonly<Record<string, MetricDescription>> = {
  mse: { summary: "Mean over rows of the squared error summed over the width.", better: "lower" },
  fvu: {
    summary: "Fraction of variance unexplained over all evaluated rows; 1 is predicting the mean.",
    better: "lower",
  },
  cosine: { summary: "Mean cosine between an activation and its reconstruction.", better: "higher" },
};

export const reconstruction = definePlugin({
  kind: "evaluator",
  name: "reconstruction",
  version: "1",
  summary: "Error and similarity between held-out activations and their reconstructions.",
  paper: "Mudide et al. 2024, section 4.1 (mse)",
  options: Type.Object({
    compat: Type.Boolean({
      default: false,
      description:
        "Whether to add the definitions of other libraries: fve-var, ev-legacy, fvu-batch, nmse, l2-norm, l2-ratio, relative-bias.",
    }),
    withoutFirst: Type.Boolean({
      default: false,
      description:
        "Whether to add every metric without the first position of each context, where the source knows positions.",
    }),
  }),
  create: ({ compat, withoutFirst }): Evaluator => {
    const metrics = compat ? { ...ownMetrics, ...compatMetrics } : ownMetrics;
    const createSums = (width: number): readonly Sums[] =>
      compat ? [new ReconstructionSums(width), new CompatSums(width)] : [new ReconstructionSums(width)];
    return {
      metrics: withoutFirst ? { ...metrics, ...withoutFirstMetrics(metrics) } : metrics,
      begin: ({ shape: { width } }) => {
        const all = createSums(width);
        const rest = withoutFirst ? createSums(width) : [];
        return {
          observe: async (batch) => {
            const [acts_BD, reconstruction_BD] = await Promise.all([
              batch.acts_BD.data(),
              batch.reconstruction_BD.data(),
            ]);
            const pairs = { acts_BD, reconstruction_BD, width };
            for (const sums of all) sums.add({ ...pairs, rows: everyRow(batch.acts_BD.shape[0]) });
            if (batch.positions_B === undefined) return;
            for (const sums of rest) sums.add({ ...pairs, rows: rowsAfterFirst(batch.positions_B) });
          },
          finish: () => ({ metrics: { ...metricsOf(all), ...suffixed(metricsOf(rest)) } }),
        };
      },
    };
  },
});

interface Sums {
  add(batch: RowPairs): void;
  /** Nothing when no row was added. */
  metrics(): Readonly<Record<string, number>>;
}

function metricsOf(all: readonly Sums[]): Readonly<Record<string, number>> {
  return Object.assign({}, ...all.map((sums) => sums.metrics())) as Readonly<Record<string, number>>;
}

function withoutFirstMetrics(
  metrics: Readonly<Record<string, MetricDescription>>,
): Readonly<Record<string, MetricDescription>> {
  return suffixed(
    Object.fromEntries(
      Object.entries(metrics).map(([name, { summary, ...rest }]) => [
        name,
        { summary: `${summary.slice(0, -1)}, without the first position of each context.`, ...rest },
      ]),
    ),
  );
}

function suffixed<T>(metrics: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${name}-without-first`, value]));
}
