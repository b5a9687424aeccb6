/**
 * Row-sparse accumulate over typed arrays: the (row, feature) pairs are sorted by feature (a stable counting sort, so
 * each feature's rows ascend and the bits are the same every time), then each feature's sum is formed in one place. A
 * zero coefficient (a feature that was selected but is not active) is left out and costs nothing.
 *
 * Shapes: B rows, D width, F features, K features a row, P pairs with a coefficient other than zero.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { addScaledRows } from "../scaled-rows.ts";
import {
  rowSparseAccumulateName,
  type RowSparseAccumulateAttributes,
  type RowSparseAccumulateInputs,
} from "./contract.ts";

export const rowSparseAccumulateHost: readonly KernelVersion[] = [
  hostVersion(
    rowSparseAccumulateName,
    (
      memory,
      { indices_BK, coefficients_BK, rows_BD }: RowSparseAccumulateInputs,
      { numFeatures }: RowSparseAccumulateAttributes,
    ) => {
      const width = rows_BD.shape[1];
      const out_FD = memory.allocate([numFeatures, width], "float32");
      const sorted = sortByFeature(memory.ints(indices_BK), memory.floats(coefficients_BK), {
        active: indices_BK.shape[1],
        numFeatures,
      });
      const out = memory.floats(out_FD);
      out.fill(0);
      const terms = { matrix: memory.floats(rows_BD), width, rows: sorted.rows, coefficients: sorted.coefficients };
      for (let f = 0; f < numFeatures; f++) {
        addScaledRows(out, f * width, terms, { start: sorted.starts[f]!, end: sorted.starts[f + 1]! });
      }
      return out_FD;
    },
  ),
];

interface SortedPairs {
  /** [F+1] feature f has the pairs at starts[f] to starts[f+1] - 1. */
  readonly starts: Int32Array;
  /** [P] the row of each pair, ascending inside a feature. */
  readonly rows: Int32Array;
  /** [P] */
  readonly coefficients: Float32Array;
}

/** @param indices [B*K] @param coefficients [B*K] */
function sortByFeature(
  indices: Int32Array,
  coefficients: Float32Array,
  { active, numFeatures }: { readonly active: number; readonly numFeatures: number },
): SortedPairs {
  const starts = new Int32Array(numFeatures + 1);
  for (let at = 0; at < indices.length; at++) if (coefficients[at] !== 0) starts[indices[at]! + 1]! += 1;
  for (let f = 0; f < numFeatures; f++) starts[f + 1]! += starts[f]!;
  const next = starts.slice(0, numFeatures);
  const rows = new Int32Array(starts[numFeatures]!);
  const sorted = new Float32Array(rows.length);
  for (let at = 0; at < indices.length; at++) {
    if (coefficients[at] === 0) continue;
    const feature = indices[at]!;
    const to = next[feature]!;
    next[feature] = to + 1;
    rows[to] = Math.floor(at / active);
    sorted[to] = coefficients[at]!;
  }
  return { starts, rows, coefficients: sorted };
}
