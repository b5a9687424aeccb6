/**
 * The three sparse kernels by their definitions, in float64.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import type { Numbers } from "./dimensions.ts";

export interface SparseDimensions {
  readonly B: number;
  readonly D: number;
  readonly F: number;
  readonly K: number;
}

/** [B, D] */
export function sparseDecode64(
  indices: Numbers,
  values: Numbers,
  decoder: Numbers,
  size: SparseDimensions,
): Float64Array {
  const out = new Float64Array(size.B * size.D);
  forEachTerm(size, (b, at, d) => {
    out[b * size.D + d]! += values[at]! * decoder[indices[at]! * size.D + d]!;
  });
  return out;
}

/** [B, K] */
export function sparseGatherDot64(
  indices: Numbers,
  weights: Numbers,
  rows: Numbers,
  size: SparseDimensions,
): Float64Array {
  const out = new Float64Array(size.B * size.K);
  forEachTerm(size, (b, at, d) => {
    out[at]! += rows[b * size.D + d]! * weights[indices[at]! * size.D + d]!;
  });
  return out;
}

/** [F, D] */
export function rowSparseAccumulate64(
  indices: Numbers,
  coefficients: Numbers,
  rows: Numbers,
  size: SparseDimensions,
): Float64Array {
  const out = new Float64Array(size.F * size.D);
  forEachTerm(size, (b, at, d) => {
    out[indices[at]! * size.D + d]! += coefficients[at]! * rows[b * size.D + d]!;
  });
  return out;
}

function forEachTerm({ B, D, K }: SparseDimensions, add: (b: number, at: number, d: number) => void): void {
  for (let b = 0; b < B; b++) {
    for (let k = 0; k < K; k++) {
      for (let d = 0; d < D; d++) add(b, b * K + k, d);
    }
  }
}
