/** Seeded data for kernel cases: float32 numbers, small integers (for exact ties), routings and feature indices. */
import type { Dimensions } from "./float64/dimensions.ts";

export interface RandomData {
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** In [-1, 1), each exactly a float32. */
  floats(length: number): Float32Array;
  /** Integers in [low, high], as float32: products and sums of them are exact, so ties are. */
  integers(length: number, low: number, high: number): Float32Array;
  /** int32 in [0, limit). */
  indices(length: number, limit: number): Int32Array;
  /** [B, R] different experts a row, in no order. @param used Only the first `used` experts receive rows. */
  routing(size: Dimensions, used?: number): Int32Array;
}

export function createRandomData(seed: number): RandomData {
  const next = mulberry32(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    floats: (length) => {
      const out = new Float32Array(length);
      for (let i = 0; i < length; i++) out[i] = 2 * next() - 1;
      return out;
    },
    integers: (length, low, high) => Float32Array.from({ length }, () => low + below(high - low + 1)),
    indices: (length, limit) => {
      const out = new Int32Array(length);
      for (let i = 0; i < length; i++) out[i] = below(limit);
      return out;
    },
    routing: ({ B, R, E }, used = E) => {
      const out = new Int32Array(B * R);
      for (let b = 0; b < B; b++) {
        const experts = Array.from({ length: used }, (_, e) => e);
        for (let r = 0; r < R; r++) out[b * R + r] = experts.splice(below(experts.length), 1)[0]!;
      }
      return out;
    },
  };
}

/** Mulberry32, a 32-bit generator in the public domain (Tommy Ettinger); in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
