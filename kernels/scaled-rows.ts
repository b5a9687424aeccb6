/**
 * The inner loop of sparse decode and row-sparse accumulate: a weighted sum of some rows of a matrix. Four rows at a
 * time, so that the output is read and written a quarter as often; their sum is formed in float64.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

/** The terms of a sum: coefficients[i] * row rows[i] of the matrix, for i from start to end - 1. */
export interface ScaledRows {
  /** Row-major, `width` values a row. */
  readonly matrix: Float32Array;
  readonly width: number;
  readonly rows: Int32Array;
  readonly coefficients: Float32Array;
}

/** out[to .. to + width] += sum over i in [start, end) of coefficients[i] * matrix row rows[i], in ascending i. */
export function addScaledRows(
  out: Float32Array,
  to: number,
  { matrix, width, rows, coefficients }: ScaledRows,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const c0 = coefficients[i]!;
    const c1 = coefficients[i + 1]!;
    const c2 = coefficients[i + 2]!;
    const c3 = coefficients[i + 3]!;
    const r0 = rows[i]! * width;
    const r1 = rows[i + 1]! * width;
    const r2 = rows[i + 2]! * width;
    const r3 = rows[i + 3]! * width;
    for (let d = 0; d < width; d++) {
      out[to + d]! += c0 * matrix[r0 + d]! + c1 * matrix[r1 + d]! + c2 * matrix[r2 + d]! + c3 * matrix[r3 + d]!;
    }
  }
  for (; i < end; i++) {
    const c = coefficients[i]!;
    const r = rows[i]! * width;
    for (let d = 0; d < width; d++) out[to + d]! += c * matrix[r + d]!;
  }
}
