/** Rows of activations beside their reconstructions, on the host: what sums of errors are made of. */

export interface RowPairs {
  /** [B, D] row-major. */
  readonly acts_BD: ArrayLike<number>;
  /** [B, D] row-major. */
  readonly reconstruction_BD: ArrayLike<number>;
  /** D */
  readonly width: number;
  /** The rows that count, each in [0, B). */
  readonly rows: readonly number[];
}

/** All rows of a batch. */
export function everyRow(numRows: number): readonly number[] {
  return Array.from({ length: numRows }, (_, row) => row);
}

/** Rows that are not the first of their context. @param positions_B Position of every row in its context. */
export function rowsAfterFirst(positions_B: Int32Array): readonly number[] {
  return everyRow(positions_B.length).filter((row) => positions_B[row] !== 0);
}
