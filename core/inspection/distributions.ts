/**
 * Next-token distributions compared, in float64.
 *
 *   KL = sum_v p_v (log p_v - log q_v)      nats; p before, q after
 *
 * Shapes: V vocabulary.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */

/** log softmax. */
export function logProbabilities(logits_V: ArrayLike<number>): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let v = 0; v < logits_V.length; v++) largest = Math.max(largest, logits_V[v]!);
  let sum = 0;
  for (let v = 0; v < logits_V.length; v++) sum += Math.exp(logits_V[v]! - largest);
  const logSum = largest + Math.log(sum);
  return Float64Array.from(logits_V, (logit) => logit - logSum);
}

/** @param before,after Log-probabilities. @returns At least 0, but for rounding. */
export function divergence(before: Float64Array, after: Float64Array): number {
  let sum = 0;
  for (let v = 0; v < before.length; v++) sum += Math.exp(before[v]!) * (before[v]! - after[v]!);
  return sum;
}

/** Pearson's; 0 where one of them does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const scale = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return scale === 0 ? 0 : products / scale;
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
