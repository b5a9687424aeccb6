/**
 * Grouped matrix products by their definition, in float64, one scalar at a time.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row.
 */
import type { Dimensions, Numbers } from "./dimensions.ts";

/** [B, R, M]: the dot product of row b with feature m of its r-th expert. */
export function groupedEncode64(acts: Numbers, weights: Numbers, experts: Numbers, size: Dimensions): Float64Array {
  const M = size.F / size.E;
  const out = new Float64Array(size.B * size.R * M);
  for (const { b, r, m, feature } of routedFeatures(experts, size)) {
    for (let d = 0; d < size.D; d++) {
      out[(b * size.R + r) * M + m]! += acts[b * size.D + d]! * weights[feature * size.D + d]!;
    }
  }
  return out;
}

/** [B, D]: the features of the routed blocks, each times its value, summed. */
export function groupedDecode64(values: Numbers, weights: Numbers, experts: Numbers, size: Dimensions): Float64Array {
  const M = size.F / size.E;
  const out = new Float64Array(size.B * size.D);
  for (const { b, r, m, feature } of routedFeatures(experts, size)) {
    for (let d = 0; d < size.D; d++) {
      out[b * size.D + d]! += values[(b * size.R + r) * M + m]! * weights[feature * size.D + d]!;
    }
  }
  return out;
}

/** Every (row, slot, offset) of a batch with the feature that it stands for. */
function* routedFeatures(
  experts: Numbers,
  { B, F, E, R }: Dimensions,
): Generator<{ b: number; r: number; m: number; feature: number }> {
  const M = F / E;
  for (let b = 0; b < B; b++) {
    for (let r = 0; r < R; r++) {
      for (let m = 0; m < M; m++) yield { b, r, m, feature: experts[b * R + r]! * M + m };
    }
  }
}
