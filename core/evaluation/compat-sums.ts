/**
 * The numbers that other libraries report as the quality of a reconstruction, each by its own formula. They are kept
 * apart from ours because the same words ("variance explained") mean different numbers in each of them.
 *
 *   fve-var        = 1 - sum_d var(x - x_hat) / sum_d var(x)                unbiased variances over all rows
 *   ev-legacy      = mean over rows of 1 - |x - x_hat|^2 / |x - m|^2        m: mean of the row's batch
 *   fvu-batch      = mean over batches of sum |x - x_hat|^2 / sum |x - m|^2
 *   nmse           = sum |x - x_hat|^2 / sum |x|^2
 *   l2-norm        = mean over rows of |x - x_hat|
 *   l2-ratio       = mean over rows of |x_hat| / |x|
 *   relative-bias  = sum |x_hat|^2 / sum x . x_hat
 *
 * A row or batch for which a ratio has the denominator 0 does not count in its mean; a metric is left out when nothing
 * counts. Everything is float64.
 *
 * Shapes: B rows of a batch, D width.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { MetricDescription } from "./contracts.ts";
import type { RowPairs } from "./row-pairs.ts";
import { Variation } from "./variation.ts";

export const compatMetrics: Readonly<Record<string, MetricDescription>> = {
  "fve-var": {
    summary: "1 - var(error) / var(activation) over all rows, as dictionary_learning; blind to a constant error.",
    better: "higher",
  },
  "ev-legacy": {
    summary: "Mean over rows of 1 - squared error / squared distance to the batch's mean, as SAELens (legacy).",
    better: "higher",
  },
  "fvu-batch": { summary: "Mean over batches of the batch's own FVU, as sparsify.", better: "lower" },
  nmse: { summary: "Squared error divided by the squared norm of the activations.", better: "lower" },
  "l2-norm": { summary: "Mean norm of the error, not squared.", better: "lower" },
  "l2-ratio": { summary: "Mean of the reconstruction's norm divided by the activation's; 1 is no shrinkage." },
  "relative-bias": { summary: "Mean squared norm of reconstructions over mean x . x_hat; below 1 is shrinkage." },
};

/** A mean over what has one. */
class Mean {
  #sum = 0;
  #count = 0;

  /** A ratio whose denominator is 0 is none. NaN is one, so that it is reported. */
  addRatio(numerator: number, denominator: number, change: (ratio: number) => number = (ratio) => ratio): void {
    if (denominator === 0) return;
    this.#sum += change(numerator / denominator);
    this.#count += 1;
  }

  under(name: string): Readonly<Record<string, number>> {
    return this.#count === 0 ? {} : { [name]: this.#sum / this.#count };
  }
}

export class CompatSums {
  #squaredError = 0;
  #errorNorms = 0;
  #actsSquares = 0;
  #reconstructionSquares = 0;
  #dots = 0;
  readonly #ratios = new Mean();
  readonly #explainedOfRows = new Mean();
  readonly #unexplainedOfBatches = new Mean();
  readonly #acts: Variation;
  readonly #errors: Variation;

  constructor(width: number) {
    this.#acts = new Variation(width);
    this.#errors = new Variation(width);
  }

  /** @param batch Rows that were evaluated together: some of the metrics depend on the batches. */
  add(batch: RowPairs): void {
    const { acts_BD, reconstruction_BD, width, rows } = batch;
    const ofBatch = new Variation(width);
    for (const row of rows) {
      ofBatch.add((d) => acts_BD[row * width + d]!);
      this.#acts.add((d) => acts_BD[row * width + d]!);
      this.#errors.add((d) => acts_BD[row * width + d]! - reconstruction_BD[row * width + d]!);
    }
    const mean_D = ofBatch.mean_D();
    let batchError = 0;
    let batchDistance = 0;
    for (const row of rows) {
      const { error, distance } = this.#addRow(batch, row, mean_D);
      batchError += error;
      batchDistance += distance;
    }
    this.#unexplainedOfBatches.addRatio(batchError, batchDistance);
  }

  /** @returns Squared error of the row, and its squared distance to the mean. */
  #addRow({ acts_BD, reconstruction_BD, width }: RowPairs, row: number, mean_D: Float64Array) {
    let [error, distance, acts, reconstruction, dot] = [0, 0, 0, 0, 0];
    for (let d = 0; d < width; d++) {
      const x = acts_BD[row * width + d]!;
      const y = reconstruction_BD[row * width + d]!;
      error += (x - y) * (x - y);
      distance += (x - mean_D[d]!) * (x - mean_D[d]!);
      acts += x * x;
      reconstruction += y * y;
      dot += x * y;
    }
    this.#squaredError += error;
    this.#errorNorms += Math.sqrt(error);
    this.#actsSquares += acts;
    this.#reconstructionSquares += reconstruction;
    this.#dots += dot;
    this.#ratios.addRatio(Math.sqrt(reconstruction), Math.sqrt(acts));
    this.#explainedOfRows.addRatio(error, distance, (ratio) => 1 - ratio);
    return { error, distance };
  }

  /** Nothing when no row was added. */
  metrics(): Readonly<Record<string, number>> {
    const { numRows } = this.#acts;
    if (numRows === 0) return {};
    const variation = this.#acts.total();
    return {
      // Both variances divide by numRows - 1.
      ...(variation === 0 ? {} : { "fve-var": 1 - this.#errors.total() / variation }),
      ...this.#explainedOfRows.under("ev-legacy"),
      ...this.#unexplainedOfBatches.under("fvu-batch"),
      ...(this.#actsSquares === 0 ? {} : { nmse: this.#squaredError / this.#actsSquares }),
      "l2-norm": this.#errorNorms / numRows,
      ...this.#ratios.under("l2-ratio"),
      ...(this.#dots === 0 ? {} : { "relative-bias": this.#reconstructionSquares / this.#dots }),
    };
  }
}
