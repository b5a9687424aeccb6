/**
 * Encode top-k by its definition, in float64: score every reachable feature, sort by (score descending, index
 * ascending), take k, put them into ascending order of index.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, K active features a row.
 */
import type { Dimensions, Numbers } from "./dimensions.ts";
import { groupedEncode64 } from "./grouped.ts";

export interface EncodeTopK64Input {
  readonly acts: Numbers;
  readonly encoder: Numbers;
  readonly bias?: Numbers;
  readonly experts: Numbers;
  readonly gates: Numbers;
}

export interface EncodeTopK64 {
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly slots: readonly number[];
}

export function encodeTopK64(input: EncodeTopK64Input, size: Dimensions, k: number): EncodeTopK64 {
  const M = size.F / size.E;
  const preactivations = groupedEncode64(input.acts, input.encoder, input.experts, size);
  const rows = Array.from({ length: size.B }, (_row, b) => {
    const candidates = Array.from({ length: size.R * M }, (_candidate, at) => {
      const slot = Math.floor(at / M);
      const index = input.experts[b * size.R + slot]! * M + (at % M);
      const value = Math.max(0, preactivations[b * size.R * M + at]! + (input.bias?.[index] ?? 0));
      // One expert a row: the gate orders nothing.
      const score = size.R === 1 ? value : value * input.gates[b * size.R + slot]!;
      return { index, slot, value, score };
    });
    candidates.sort((one, other) => other.score - one.score || one.index - other.index);
    return candidates.slice(0, k).sort((one, other) => one.index - other.index);
  });
  const all = rows.flat();
  return {
    indices: all.map(({ index }) => index),
    values: all.map(({ value }) => value),
    slots: all.map(({ slot }) => slot),
  };
}
