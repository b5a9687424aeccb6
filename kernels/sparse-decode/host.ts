/**
 * Sparse decode over typed arrays: four dictionary rows are added at a time, so that the output row is read and
 * written a quarter as often.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "./contract.ts";

export const sparseDecodeHost: readonly KernelVersion[] = [
  hostVersion(sparseDecodeName, (memory, { indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) => {
    const [rows, active] = indices_BK.shape;
    const width = decoder_FD.shape[1];
    const out_BD = memory.allocate([rows, width], "float32");
    const indices = memory.ints(indices_BK);
    const values = memory.floats(values_BK);
    const decoder = memory.floats(decoder_FD);
    const out = memory.floats(out_BD);
    out.fill(0);
    for (let b = 0; b < rows; b++) {
      const end = (b + 1) * active;
      let at = b * active;
      for (; at + 4 <= end; at += 4) addFour(out, b * width, { decoder, indices, values, at, width });
      for (; at < end; at++) addOne(out, b * width, { decoder, indices, values, at, width });
    }
    return out_BD;
  }),
];

interface Terms {
  readonly decoder: Float32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  /** Position of the first term in `indices` and `values`. */
  readonly at: number;
  readonly width: number;
}

function addFour(out: Float32Array, to: number, { decoder, indices, values, at, width }: Terms): void {
  const v0 = values[at]!;
  const v1 = values[at + 1]!;
  const v2 = values[at + 2]!;
  const v3 = values[at + 3]!;
  const w0 = indices[at]! * width;
  const w1 = indices[at + 1]! * width;
  const w2 = indices[at + 2]! * width;
  const w3 = indices[at + 3]! * width;
  for (let d = 0; d < width; d++) {
    out[to + d]! += v0 * decoder[w0 + d]! + v1 * decoder[w1 + d]! + v2 * decoder[w2 + d]! + v3 * decoder[w3 + d]!;
  }
}

function addOne(out: Float32Array, to: number, { decoder, indices, values, at, width }: Terms): void {
  const value = values[at]!;
  const from = indices[at]! * width;
  for (let d = 0; d < width; d++) out[to + d]! += value * decoder[from + d]!;
}
