/**
 * Causal attention by its definition, in float64, one scalar at a time.
 *
 * Shapes: C contexts, T positions, H heads, d width of a head.
 */
import type { AttentionShape } from "../../../../kernels/kernels.ts";
import type { Numbers } from "./dimensions.ts";

/** [C T, H d]. @param qkv [C T, 3 H d] */
export function causalAttention64(
  qkv: Numbers,
  { numContexts, contextLength, numHeads }: AttentionShape,
): Float64Array {
  const numRows = numContexts * contextLength;
  const out = new Float64Array(qkv.length / 3);
  const D = out.length / numRows;
  const d = D / numHeads;
  for (let row = 0; row < numRows; row++) {
    const first = row - (row % contextLength);
    for (let start = 0; start < D; start += d) {
      const weights = softmax64(
        Array.from({ length: row - first + 1 }, (_, key) => {
          let score = 0;
          for (let i = start; i < start + d; i++) score += qkv[row * 3 * D + i]! * qkv[(first + key) * 3 * D + D + i]!;
          return score / Math.sqrt(d);
        }),
      );
      for (const [key, weight] of weights.entries()) {
        for (let i = start; i < start + d; i++) out[row * D + i]! += weight * qkv[(first + key) * 3 * D + 2 * D + i]!;
      }
    }
  }
  return out;
}

function softmax64(scores: readonly number[]): readonly number[] {
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / sum);
}
