/**
 * The B * k largest activations of a whole batch: a row may have more or fewer than k.
 *
 * The fused top-k kernel offers the largest candidates of every row; a few times k of them are enough, unless all of
 * a row's are taken: then twice as many are asked for. So the choice is exact, and the [B, R, M] activations never
 * exist. Equal activations are taken in the order of rows, and in a row by lower index.
 *
 * Shapes: B rows, R experts a row, M features an expert, C candidates a row.
 * @see Bussmann et al. 2024 (arXiv 2412.06410), section 3; docs/paper-map.md
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import type { EncodeContext, SparseCode } from "./contracts.ts";

const candidatesPerFeature = 4;
const halfWord = 1 << 16;

/** @param k Active features of a row on average. */
export function batchTopK(tensorflow: typeof tf, context: EncodeContext, k: number): SparseCode {
  return selectCandidates(tensorflow, context, k, (values_BC, rows) => largest(values_BC, rows * k));
}

/** Every activation above a threshold; see inference-threshold.ts. */
export function aboveThreshold(
  tensorflow: typeof tf,
  context: EncodeContext,
  k: number,
  threshold: number,
): SparseCode {
  return selectCandidates(tensorflow, context, k, (values_BC) => values_BC.map((value) => (value > threshold ? 1 : 0)));
}

/** @param select 1 for the candidates to take, else 0; candidates that are 0 are never taken. */
function selectCandidates(
  tensorflow: typeof tf,
  { shape, topK }: EncodeContext,
  k: number,
  select: (values_BC: Float32Array, rows: number) => Float32Array,
): SparseCode {
  const reachable = shape.selectedExperts * shape.featuresPerExpert;
  // A k that no row can reach is for the top-k to refuse.
  let candidates = Math.max(k, Math.min(candidatesPerFeature * k, reachable));
  for (;;) {
    const offered = topK(candidates);
    const taken_BC = select(offered.values_BK.dataSync<"float32">(), offered.values_BK.shape[0]);
    if (candidates === reachable || !hasFullRow(taken_BC, candidates)) {
      const taken = tensorflow.tensor2d(taken_BC, offered.values_BK.shape);
      return { ...offered, values_BK: tensorflow.mul(offered.values_BK, taken) };
    }
    candidates = Math.min(2 * candidates, reachable);
  }
}

function hasFullRow(taken_BC: Float32Array, perRow: number): boolean {
  for (let start = 0; start < taken_BC.length; start += perRow) {
    let isFull = true;
    for (let i = start; i < start + perRow && isFull; i++) isFull = taken_BC[i] === 1;
    if (isFull) return true;
  }
  return false;
}

/**
 * Marks the `count` largest positive values. Positive float32 are ordered as their bits are, so two passes over
 * halves of the bits find the smallest that is taken, without sorting.
 */
function largest(values: Float32Array, count: number): Float32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const high = cut(count, (add) => {
    for (let i = 0; i < bits.length; i++) if (values[i]! > 0) add(bits[i]! >>> 16);
  });
  const low = cut(high.left, (add) => {
    for (let i = 0; i < bits.length; i++) if (values[i]! > 0 && bits[i]! >>> 16 === high.at) add(bits[i]! & 0xffff);
  });
  const smallest = high.at * halfWord + low.at;
  let ties = low.left;
  const taken = new Float32Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    if (!(values[i]! > 0) || bits[i]! < smallest) continue;
    if (bits[i]! === smallest && --ties < 0) continue;
    taken[i] = 1;
  }
  return taken;
}

/**
 * The largest key such that fewer than `count` keys lie above it; `left` is how many are still to be taken of those
 * that equal it. With fewer keys than `count` in all: key 0, with everything left.
 */
function cut(count: number, offer: (add: (key: number) => void) => void): { at: number; left: number } {
  const numbers = new Uint32Array(halfWord);
  offer((key) => {
    numbers[key]! += 1;
  });
  let left = count;
  for (let at = halfWord - 1; at > 0; at--) {
    if (numbers[at]! >= left) return { at, left };
    left -= numbers[at]!;
  }
  return { at: 0, left };
}
