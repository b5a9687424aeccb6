/**
 * Sparse gather-dot in WGSL: a workgroup a row, eight features at a time, eight threads a feature (the 32 bytes that a
 * GPU's cache fetches), whose sums are joined in a fixed order.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { joinEights, rowThreads } from "../webgpu/joining.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { sparseGatherDotName, type SparseGatherDotInputs } from "./contract.ts";

const gatherDot = defineProgram({
  label: "sparseGatherDot",
  buffers: { indices: "i32", weights: "f32", rows: "f32", out_values: "out f32" },
  params: { count: "u32", width: "u32", perRow: "u32" },
  uses: [joinEights],
  code: /* wgsl */ `
    const threads = 8u;
    const features = 8u;

    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.count) { return; }
      let part = lane % threads;
      for (var first = 0u; first < params.perRow; first += features) {
        let k = first + lane / threads;
        var sum = 0.0;
        if (k < params.perRow) {
          let feature = u32(indices[row * params.perRow + k]);
          for (var column = part; column < params.width; column += threads) {
            sum += weights[feature * params.width + column] * rows[row * params.width + column];
          }
        }
        let joined = join_eights(lane, sum);
        if (part == 0u && k < params.perRow) { out_values[row * params.perRow + k] = joined; }
      }
    }
  `,
});

export const sparseGatherDotWebGpu: readonly KernelVersion[] = [
  gpuVersion(sparseGatherDotName, (memory, { indices_BK, weights_FD, rows_BD }: SparseGatherDotInputs) => {
    const [rows, active] = indices_BK.shape;
    const out_BK = memory.allocate([rows, active], "float32");
    memory.run(gatherDot, {
      buffers: { indices: indices_BK, weights: weights_FD, rows: rows_BD, out_values: out_BK },
      params: { count: rows, width: weights_FD.shape[1], perRow: active },
      groups: rows,
    });
    return out_BK;
  }),
];
