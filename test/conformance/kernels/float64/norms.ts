/** Norms and projections by their definitions, in float64. */
import type { Numbers } from "./dimensions.ts";

/** Rows divided by their norm; zero rows stay zero. */
export function normaliseRows64(matrix: Numbers, width: number): Float64Array {
  return mapRows(matrix, width, (row) => {
    const norm = Math.hypot(...row);
    return norm === 0 ? row : row.map((x) => x / norm);
  });
}

/** Every row of the gradient minus its projection on the row of the matrix. */
export function removeParallelComponent64(gradient: Numbers, matrix: Numbers, width: number): Float64Array {
  const unit = normaliseRows64(matrix, width);
  return mapRows(gradient, width, (row, start) => {
    const along = row.reduce((sum, x, i) => sum + x * unit[start + i]!, 0);
    return row.map((x, i) => x - along * unit[start + i]!);
  });
}

export function globalNorm64(tensors: readonly Numbers[]): number {
  let sum = 0;
  for (const tensor of tensors) for (const x of Array.from(tensor)) sum += x * x;
  return Math.sqrt(sum);
}

function mapRows(
  matrix: Numbers,
  width: number,
  change: (row: readonly number[], start: number) => readonly number[],
): Float64Array {
  const out = new Float64Array(matrix.length);
  const all = Array.from(matrix);
  for (let start = 0; start < all.length; start += width) {
    out.set(change(all.slice(start, start + width), start), start);
  }
  return out;
}
