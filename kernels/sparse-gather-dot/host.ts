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
    for (let b = 0; b < numRows; b++) {
      const end = (b + 1) * active;
      let at = b * active;
      for (; at + 4 <= end; at += 4) dotFour(out, at, { weights, indices, rows, start: b * width, width });
      for (; at < end; at++) dotOne(out, at, { weights, indices, rows, start: b * width, width });
    }
    return out_BK;
  }),
];

interface Row {
  readonly weights: Float32Array;
  readonly indices: Int32Array;
  readonly rows: Float32Array;
  /** Where the row begins in `rows`. */
  readonly start: number;
  readonly width: number;
}

/** Four features at once: the row is read a quarter as often, and no addition waits for the one before. */
function dotFour(out: Float32Array, at: number, { weights, indices, rows, start, width }: Row): void {
  const w0 = indices[at]! * width;
  const w1 = indices[at + 1]! * width;
  const w2 = indices[at + 2]! * width;
  const w3 = indices[at + 3]! * width;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let d = 0; d < width; d++) {
    const x = rows[start + d]!;
    s0 += x * weights[w0 + d]!;
    s1 += x * weights[w1 + d]!;
    s2 += x * weights[w2 + d]!;
    s3 += x * weights[w3 + d]!;
  }
  out[at] = s0;
  out[at + 1] = s1;
  out[at + 2] = s2;
  out[at + 3] = s3;
}

function dotOne(out: Float32Array, at: number, { weights, indices, rows, start, width }: Row): void {
  const w = indices[at]! * width;
  let sum = 0;
  for (let d = 0; d < width; d++) sum += rows[start + d]! * weights[w + d]!;
  out[at] = sum;
}
