/**
 * The point with the least summed distance to a batch of rows: where the decoder's bias starts. Robust against the
 * few activations of enormous norm (first positions of a text) that would drag a mean away.
 *
 *   Weiszfeld:  w_b = 1 / ||x_b - m||,   m' = sum_b w_b x_b / sum_b w_b,   from the mean
 *
 * Computed on the host in float64: it happens once, and every device then starts from the same bits.
 * Shapes: B rows, D width.
 * @see amudide/switch_sae trainers/switch.py, geometric_median; docs/paper-map.md
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops whose bounds are the lengths themselves */
const maxIterations = 100;
const tolerance = 1e-5;
/** A row that coincides with the current guess would weigh infinitely; this keeps it merely decisive. */
const smallestDistance = 1e-12;

/**
 * @param rows_BD Row-major, length B * D, finite, B at least 1.
 * @param width D
 * @returns [D] float32
 */
export function geometricMedian(rows_BD: Float32Array, width: number): Float32Array {
  const numRows = rows_BD.length / width;
  let guess_D = weightedMean(rows_BD, new Float64Array(numRows).fill(1), width);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const next_D = weightedMean(rows_BD, inverseDistances(rows_BD, guess_D), width);
    const moved = Math.sqrt(next_D.reduce((sum, value, d) => sum + (value - guess_D[d]!) ** 2, 0));
    guess_D = next_D;
    if (moved < tolerance) break;
  }
  return Float32Array.from(guess_D);
}

function inverseDistances(rows_BD: Float32Array, point_D: Float64Array): Float64Array {
  const width = point_D.length;
  const weights_B = new Float64Array(rows_BD.length / width);
  for (let b = 0; b < weights_B.length; b++) {
    let squares = 0;
    for (let d = 0; d < width; d++) squares += (rows_BD[b * width + d]! - point_D[d]!) ** 2;
    weights_B[b] = 1 / Math.max(Math.sqrt(squares), smallestDistance);
  }
  return weights_B;
}

function weightedMean(rows_BD: Float32Array, weights_B: Float64Array, width: number): Float64Array {
  const mean_D = new Float64Array(width);
  let total = 0;
  for (let b = 0; b < weights_B.length; b++) {
    const weight = weights_B[b]!;
    total += weight;
    for (let d = 0; d < width; d++) mean_D[d]! += weight * rows_BD[b * width + d]!;
  }
  return mean_D.map((sum) => sum / total);
}
