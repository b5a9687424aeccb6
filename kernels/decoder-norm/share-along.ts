/** WGSL over `joinSums` that the projection and Adam's own share: how much of a gradient's row lies along the row of a matrix. */
import { rowThreads } from "../webgpu/joining.ts";

/**
 * @param gradient Name of the buffer. @param matrix Name of the buffer.
 * @returns `share_along(lane, at, width)`: (g . m) / |m|^2 of the rows that begin at `at`, 0 for a row of zeros.
 */
export function shareAlong(gradient: string, matrix: string): string {
  return /* wgsl */ `
    fn share_along(lane: u32, at: u32, width: u32) -> f32 {
      var along = 0.0;
      var squares = 0.0;
      for (var column = lane; column < width; column += ${rowThreads}u) {
        let m = ${matrix}[at + column];
        along += ${gradient}[at + column] * m;
        squares += m * m;
      }
      let dot = join_sums(lane, along);
      let norm = join_sums(lane, squares);
      if (norm > 0.0) { return dot / norm; }
      return 0.0;
    }
  `;
}
