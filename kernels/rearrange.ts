/** Moving rows and transposing, over typed arrays. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

/** Copies row floor(rows[n] / divisor) of `from` to row n of `to`; both have rows of `width` values. */
export function gatherRows(
  from: Float32Array,
  to: Float32Array,
  { rows, width, divisor }: { readonly rows: Int32Array; readonly width: number; readonly divisor: number },
): void {
  for (let n = 0; n < rows.length; n++) {
    const start = Math.floor(rows[n]! / divisor) * width;
    to.set(from.subarray(start, start + width), n * width);
  }
}

/** to [columns, rows] = transpose of from [rows, columns], in square tiles so that both sides stay in cache. */
export function transposeBlock(
  from: Float32Array,
  to: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): void {
  const tile = 16;
  for (let i = 0; i < rows; i += tile) {
    const endRow = Math.min(i + tile, rows);
    for (let j = 0; j < columns; j += tile) {
      const endColumn = Math.min(j + tile, columns);
      for (let row = i; row < endRow; row++) {
        for (let column = j; column < endColumn; column++) {
          to[column * rows + row] = from[row * columns + column]!;
        }
      }
    }
  }
}
