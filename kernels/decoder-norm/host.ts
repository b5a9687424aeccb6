/**
 * The decoder's constraint over typed arrays, sums in float64.
 *
 * Shapes: D width, F features.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import {
  normaliseRowsName,
  removeParallelComponentName,
  type NormaliseRowsInputs,
  type RemoveParallelComponentInputs,
} from "./contract.ts";

export const decoderNormHost: readonly KernelVersion[] = [
  hostVersion(normaliseRowsName, (memory, { matrix_FD }: NormaliseRowsInputs) => {
    const width = matrix_FD.shape[1] ?? 1;
    // New memory, not the variable's own: see host-memory.ts.
    const next_FD = memory.allocate(matrix_FD.shape, "float32");
    const matrix = memory.floats(matrix_FD);
    const next = memory.floats(next_FD);
    for (let start = 0; start < matrix.length; start += width) {
      const norm = Math.sqrt(rowDot(matrix, matrix, start, width));
      const scale = norm > 0 ? 1 / norm : 0;
      for (let i = start; i < start + width; i++) next[i] = matrix[i]! * scale;
    }
    matrix_FD.assign(next_FD);
    return [];
  }),
  hostVersion(removeParallelComponentName, (memory, inputs: RemoveParallelComponentInputs) => {
    const { gradient_FD, matrix_FD } = inputs;
    const width = matrix_FD.shape[1];
    const out_FD = memory.allocate(gradient_FD.shape, "float32");
    const gradient = memory.floats(gradient_FD);
    const matrix = memory.floats(matrix_FD);
    const out = memory.floats(out_FD);
    for (let start = 0; start < matrix.length; start += width) {
      const squaredNorm = rowDot(matrix, matrix, start, width);
      const along = squaredNorm > 0 ? rowDot(gradient, matrix, start, width) / squaredNorm : 0;
      for (let i = start; i < start + width; i++) out[i] = gradient[i]! - along * matrix[i]!;
    }
    return out_FD;
  }),
];

function rowDot(a: Float32Array, b: Float32Array, start: number, width: number): number {
  let even = 0;
  let odd = 0;
  const end = start + width;
  let i = start;
  for (; i + 2 <= end; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  if (i < end) even += a[i]! * b[i]!;
  return even + odd;
}
