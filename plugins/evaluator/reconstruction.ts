/**
 * How well the reconstructions match the activations.
 *
 *   mse     = mean over rows of sum over D of (x - x_hat)^2             (the paper's MSE: summed, not averaged, over D)
 *   fvu     = sum (x - x_hat)^2 / sum (x - mean)^2                      (over all rows; mean is over all rows too)
 *   cosine  = mean over rows of x . x_hat / (|x| |x_hat|)
 *
 * All sums are float64. The fvu of one batch, which some libraries report, depends on the batch; this one does not.
 *
 * Shapes: B rows of a batch, D width.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const reconstruction = definePlugin({
  kind: "evaluator",
  name: "reconstruction",
  version: "1",
  summary: "Error and similarity between held-out activations and their reconstructions.",
  paper: "Mudide et al. 2024, section 4.1 (mse)",
  options: Type.Object({}),
  create: (): Evaluator => ({
    metrics: {
      mse: { summary: "Mean over rows of the squared error summed over the width.", better: "lower" },
      fvu: {
        summary: "Fraction of variance unexplained over all evaluated rows; 1 is predicting the mean.",
        better: "lower",
      },
      cosine: { summary: "Mean cosine between an activation and its reconstruction.", better: "higher" },
    },
    begin: (context) => {
      const sums = new ReconstructionSums(context.shape.width);
      return {
        observe: async ({ acts_BD, reconstruction_BD }) => {
          sums.add(await acts_BD.data(), await reconstruction_BD.data());
        },
        finish: () => sums.result(),
      };
    },
  }),
});

class ReconstructionSums {
  private readonly width: number;
  private rows = 0;
  private squaredError = 0;
  private cosine = 0;
  /** The first row: sums of differences to it lose no digits when the mean is far from zero. */
  private origin: Float64Array | undefined;
  private readonly shifted_D: Float64Array;
  private shiftedSquares = 0;

  constructor(width: number) {
    this.width = width;
    this.shifted_D = new Float64Array(width);
  }

  add(acts_BD: ArrayLike<number>, reconstruction_BD: ArrayLike<number>): void {
    this.origin ??= Float64Array.from({ length: this.width }, (_unused, d) => acts_BD[d]!);
    for (let start = 0; start < acts_BD.length; start += this.width) {
      let dot = 0;
      let actsSquares = 0;
      let reconstructionSquares = 0;
      for (let d = 0; d < this.width; d++) {
        const x = acts_BD[start + d]!;
        const y = reconstruction_BD[start + d]!;
        const shifted = x - this.origin[d]!;
        this.squaredError += (x - y) * (x - y);
        this.shifted_D[d]! += shifted;
        this.shiftedSquares += shifted * shifted;
        dot += x * y;
        actsSquares += x * x;
        reconstructionSquares += y * y;
      }
      const norms = Math.sqrt(actsSquares) * Math.sqrt(reconstructionSquares);
      // A zero vector has no direction: it counts as similar to nothing. NaN must stay NaN, to be reported.
      this.cosine += norms === 0 ? 0 : dot / norms;
      this.rows += 1;
    }
  }

  result(): EvaluationResult {
    let squaredMean = 0;
    for (const sum of this.shifted_D) squaredMean += sum * sum;
    const variation = this.shiftedSquares - squaredMean / this.rows;
    return {
      metrics: {
        mse: this.squaredError / this.rows,
        // Rows that are all alike have no variance to explain.
        ...(variation === 0 ? {} : { fvu: this.squaredError / variation }),
        cosine: this.cosine / this.rows,
      },
    };
  }
}
