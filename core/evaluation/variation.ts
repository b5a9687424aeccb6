/**
 * The variation of rows around their mean, in one pass and in float64.
 *
 *   variation = sum over rows n and d of (x - mean_d)^2
 *
 * Sums are of differences to the first row, so that no digits are lost when the mean is far from zero.
 *
 * Shapes: D width.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
export class Variation {
  #numRows = 0;
  #squares = 0;
  readonly #origin_D: Float64Array;
  readonly #sums_D: Float64Array;

  constructor(width: number) {
    this.#origin_D = new Float64Array(width);
    this.#sums_D = new Float64Array(width);
  }

  /** Adds a row: D numbers, of which `at` gives one. */
  add(at: (d: number) => number): void {
    const width = this.#sums_D.length;
    if (this.#numRows === 0) for (let d = 0; d < width; d++) this.#origin_D[d] = at(d);
    this.#numRows += 1;
    for (let d = 0; d < width; d++) {
      const shifted = at(d) - this.#origin_D[d]!;
      this.#sums_D[d]! += shifted;
      this.#squares += shifted * shifted;
    }
  }

  get numRows(): number {
    return this.#numRows;
  }

  /** The mean row; of no meaning before a row was added. */
  mean_D(): Float64Array {
    return this.#sums_D.map((sum, d) => this.#origin_D[d]! + sum / this.#numRows);
  }

  /** 0 when all rows are alike. */
  total(): number {
    let squaredSums = 0;
    for (const sum of this.#sums_D) squaredSums += sum * sum;
    return this.#squares - squaredSums / this.#numRows;
  }
}
