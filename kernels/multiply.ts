/**
 * Matrix product over typed arrays: the cpu backend's own runs at 0.3 GFLOP/s. Tiles of 4 x 4 outputs are summed in
 * local numbers (float64), so eight loads serve sixteen multiply-adds.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

export interface ProductSize {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** out = a b, all row-major: a [rows, inner], b [inner, columns], out [rows, columns]. */
export function multiply(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  { rows, inner, columns }: ProductSize,
): void {
  const tiledRows = rows - (rows % 4);
  const tiledColumns = columns - (columns % 4);
  for (let j = 0; j < tiledColumns; j += 4) {
    for (let i = 0; i < tiledRows; i += 4) multiplyTile(a, b, out, { i, j, inner, columns });
  }
  // What is left: the last columns of every row, then the last rows.
  multiplyEdge(a, b, out, { firstRow: 0, endRow: tiledRows, firstColumn: tiledColumns, inner, columns });
  multiplyEdge(a, b, out, { firstRow: tiledRows, endRow: rows, firstColumn: 0, inner, columns });
}

function multiplyTile(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  { i, j, inner, columns }: { i: number; j: number; inner: number; columns: number },
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  const a0 = i * inner,
    a1 = a0 + inner,
    a2 = a1 + inner,
    a3 = a2 + inner;
  for (let k = 0, at = j; k < inner; k++, at += columns) {
    const b0 = b[at]!,
      b1 = b[at + 1]!,
      b2 = b[at + 2]!,
      b3 = b[at + 3]!;
    const x0 = a[a0 + k]!,
      x1 = a[a1 + k]!,
      x2 = a[a2 + k]!,
      x3 = a[a3 + k]!;
    s00 += x0 * b0;
    s01 += x0 * b1;
    s02 += x0 * b2;
    s03 += x0 * b3;
    s10 += x1 * b0;
    s11 += x1 * b1;
    s12 += x1 * b2;
    s13 += x1 * b3;
    s20 += x2 * b0;
    s21 += x2 * b1;
    s22 += x2 * b2;
    s23 += x2 * b3;
    s30 += x3 * b0;
    s31 += x3 * b1;
    s32 += x3 * b2;
    s33 += x3 * b3;
  }
  const o0 = i * columns + j,
    o1 = o0 + columns,
    o2 = o1 + columns,
    o3 = o2 + columns;
  out[o0] = s00;
  out[o0 + 1] = s01;
  out[o0 + 2] = s02;
  out[o0 + 3] = s03;
  out[o1] = s10;
  out[o1 + 1] = s11;
  out[o1 + 2] = s12;
  out[o1 + 3] = s13;
  out[o2] = s20;
  out[o2 + 1] = s21;
  out[o2 + 2] = s22;
  out[o2 + 3] = s23;
  out[o3] = s30;
  out[o3 + 1] = s31;
  out[o3 + 2] = s32;
  out[o3 + 3] = s33;
}

function multiplyEdge(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  edge: { firstRow: number; endRow: number; firstColumn: number; inner: number; columns: number },
): void {
  const { inner, columns } = edge;
  for (let i = edge.firstRow; i < edge.endRow; i++) {
    for (let j = edge.firstColumn; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[i * inner + k]! * b[k * columns + j]!;
      out[i * columns + j] = sum;
    }
  }
}
