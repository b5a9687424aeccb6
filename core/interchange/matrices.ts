/** Row-major matrices: transposed, rows scaled, norms. Shapes: F rows, D columns. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */

/** [rows, columns] -> [columns, rows]; a copy. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = data[row * columns + column]!;
  }
  return transposed;
}

/** Row f times factors[f]; a copy. */
export function scaleRows(matrix_FD: Float32Array, factors_F: ArrayLike<number>): Float32Array {
  const width = matrix_FD.length / factors_F.length;
  return matrix_FD.map((value, i) => value * factors_F[Math.floor(i / width)]!);
}

/** Euclidean norm of every row, in float64. */
export function rowNorms(matrix_FD: Float32Array, features: number): Float64Array {
  const width = matrix_FD.length / features;
  const norms_F = new Float64Array(features);
  for (let f = 0; f < features; f++) {
    let squares = 0;
    for (let d = 0; d < width; d++) squares += matrix_FD[f * width + d]! ** 2;
    norms_F[f] = Math.sqrt(squares);
  }
  return norms_F;
}
