/**
 * A map of features in the plane: rows that point in similar directions lie close to each other. UMAP (McInnes et al.
 * 2018) on exact nearest neighbours by cosine, from one seed, so that the same rows give the same map.
 *
 * Shapes: N rows, D width, K neighbours.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import type { RandomStream } from "../model/rng.ts";
import { visitCosineTiles } from "./cosine-tiles.ts";

/** `count` of the numbers below `size`, each once, ascending; all of them when there are no more. */
export function sampleAscending(size: number, count: number, stream: RandomStream): readonly number[] {
  const numbers = Array.from({ length: size }, (_, i) => i);
  const taken = Math.min(size, count);
  for (let i = 0; i < taken; i++) {
    const j = i + stream.integer(size - i);
    [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
  }
  return numbers.slice(0, taken).sort((a, b) => a - b);
}

export interface Neighbours {
  /** For every row its nearest others, nearest first; the lower row first where two are as near. */
  readonly indices_NK: readonly (readonly number[])[];
  readonly cosines_NK: readonly (readonly number[])[];
}

/** The k nearest other rows of every row by cosine, exactly. @param k Below N. */
export async function nearestNeighbours(tensorFlow: typeof tf, rows_ND: tf.Tensor2D, k: number): Promise<Neighbours> {
  const numRows = rows_ND.shape[0];
  const indices_NK: number[][] = [];
  const cosines_NK: number[][] = [];
  const input = { queries_ND: rows_ND, candidates_FD: rows_ND, excludeSelf: true };
  await visitCosineTiles(tensorFlow, input, async ({ count, cosines_TF }) => {
    const cosines = await cosines_TF.data<"float32">();
    for (let t = 0; t < count; t++) {
      const nearest = largest(cosines.subarray(t * numRows, (t + 1) * numRows), k);
      indices_NK.push(nearest);
      cosines_NK.push(nearest.map((j) => cosines[t * numRows + j]!));
    }
  });
  return { indices_NK, cosines_NK };
}

/** Indices of the k largest values, largest first; the lower index first where two are as large. */
function largest(values: Float32Array, k: number): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // The row itself has the excluded cosine, below every other, and is never among the k < N largest.
    if (chosen.length === k && value <= values[chosen[k - 1]!]!) continue;
    let place = chosen.length;
    while (place > 0 && values[chosen[place - 1]!]! < value) place -= 1;
    chosen.splice(place, 0, i);
    if (chosen.length > k) chosen.pop();
  }
  return chosen;
}

export interface LayoutOptions {
  readonly neighbours: Neighbours;
  /** Smallest distance of points in the plane. */
  readonly minDistance: number;
  readonly stream: RandomStream;
}

/** @returns Coordinates [N][2]. @throws Error when there are fewer than K + 2 rows */
export async function layOut({
  neighbours,
  minDistance,
  stream,
}: LayoutOptions): Promise<readonly (readonly number[])[]> {
  const { UMAP } = await import("umap-js");
  const { indices_NK, cosines_NK } = neighbours;
  // UMAP counts a point as its own first neighbour.
  const indices = indices_NK.map((nearest, n) => [n, ...nearest]);
  const distances = cosines_NK.map((cosines) => [0, ...cosines.map((cosine) => Math.max(0, 1 - cosine))]);
  const umap = new UMAP({ nNeighbors: indices[0]?.length ?? 0, minDist: minDistance, random: () => stream.uniform() });
  umap.setPrecomputedKNN(indices, distances);
  // The neighbours are all that it asks of the rows, beside their number.
  return umap.fit(indices.map((_, n) => [n]));
}
