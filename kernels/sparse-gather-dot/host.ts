/**
 * Sparse gather-dot over typed arrays, summed in float64.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { sparseGatherDotName, type SparseGatherDotInputs } from "./contract.ts";

export const sparseGatherDotHost: readonly KernelVersion[] = [
  hostVersion(sparseGatherDotName, (memory, { indices_BK, weights_FD, rows_BD }: SparseGatherDotInputs) => {
    const [numRows, active] = indices_BK.shape;
    const width = weights_FD.shape[1];
    const out_BK = memory.allocate([numRows, active], "float32");
    const indices = memory.ints(indices_BK);
    const weights = memory.floats(weights_FD);
    const rows = memory.floats(rows_BD);
    const out = memory.floats(out_BK);
    for (let at = 0; at < out.length; at++) {
      const row = Math.floor(at / active) * width;
      out[at] = dot(weights, indices[at]! * width, rows, row, width);
    }
    return out_BK;
  }),
];

/** Four sums, so that no addition waits for the one before. */
function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    s0 += a[aStart + i]! * b[bStart + i]!;
    s1 += a[aStart + i + 1]! * b[bStart + i + 1]!;
    s2 += a[aStart + i + 2]! * b[bStart + i + 2]!;
    s3 += a[aStart + i + 3]! * b[bStart + i + 3]!;
  }
  for (; i < length; i++) s0 += a[aStart + i]! * b[bStart + i]!;
  return s0 + s1 + (s2 + s3);
}
