/**
 * Rows grouped by expert, so that each expert's work is one dense product. A stable counting sort of the (row, slot)
 * pairs: the order inside a group is ascending, which fixes the order of every sum over rows.
 *
 * Shapes: B rows, R experts a row, E experts.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */

export interface ExpertGroup {
  readonly expert: number;
  /** Pairs b*R + r that chose this expert, ascending; empty when no row did. */
  readonly pairs: Int32Array;
}

/**
 * @param expertIndices [B*R] row-major, each in [0, E).
 * @returns One group an expert, in ascending order of experts.
 */
export function groupRows(expertIndices: Int32Array, numExperts: number): readonly ExpertGroup[] {
  const starts = new Int32Array(numExperts + 1);
  for (const expert of expertIndices) starts[expert + 1]! += 1;
  for (let e = 0; e < numExperts; e++) starts[e + 1]! += starts[e]!;
  const next = starts.slice(0, numExperts);
  const pairs = new Int32Array(expertIndices.length);
  for (let pair = 0; pair < expertIndices.length; pair++) {
    const expert = expertIndices[pair]!;
    pairs[next[expert]!] = pair;
    next[expert]! += 1;
  }
  return Array.from({ length: numExperts }, (_, expert) => ({
    expert,
    pairs: pairs.subarray(starts[expert], starts[expert + 1]),
  }));
}

/** Rows of a tile, so that its [rows, columns] intermediate has at most about `maxElements`. */
export function tileRows(columns: number, maxElements: number): number {
  return Math.max(16, Math.floor(maxElements / columns));
}
