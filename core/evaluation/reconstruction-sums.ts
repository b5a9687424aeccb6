/**
 * Sums of errors over all evaluated rows, in float64, and the metrics that they give.
 *
 *   mse     = mean over rows of |x - x_hat|^2
 *   fvu     = sum |x - x_hat|^2 / sum |x - mean|^2        mean: of all rows that were added
 *   cosine  = mean over rows of x . x_hat / (|x| |x_hat|)
 *
 * Shapes: B rows of a batch, D width.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { RowPairs } from "./row-pairs.ts";
import { Variation } from "./variation.ts";

export class ReconstructionSums {
  #squaredError = 0;
  #cosine = 0;
  readonly #variation: Variation;

  constructor(width: number) {
    this.#variation = new Variation(width);
  }

  add({ acts_BD, reconstruction_BD, width, rows }: RowPairs): void {
    for (const row of rows) {
      const start = row * width;
      let dot = 0;
      let actsSquares = 0;
      let reconstructionSquares = 0;
      for (let d = 0; d < width; d++) {
        const x = acts_BD[start + d]!;
        const y = reconstruction_BD[start + d]!;
        this.#squaredError += (x - y) * (x - y);
        dot += x * y;
        actsSquares += x * x;
        reconstructionSquares += y * y;
      }
      const norms = Math.sqrt(actsSquares) * Math.sqrt(reconstructionSquares);
      // A zero vector has no direction: it counts as similar to nothing. NaN must stay NaN, to be reported.
      this.#cosine += norms === 0 ? 0 : dot / norms;
      this.#variation.add((d) => acts_BD[start + d]!);
    }
  }

  /** Nothing when no row was added. */
  metrics(): Readonly<Record<string, number>> {
    const { numRows } = this.#variation;
    if (numRows === 0) return {};
    const variation = this.#variation.total();
    return {
      mse: this.#squaredError / numRows,
      // Rows that are all alike have no variance to explain.
      ...(variation === 0 ? {} : { fvu: this.#squaredError / variation }),
      cosine: this.#cosine / numRows,
    };
  }
}
