/** The decoder's constraint in WGSL: a workgroup a row. */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { joinSums, rowThreads } from "../webgpu/joining.ts";
import {
  normaliseRowsName,
  removeParallelComponentName,
  type NormaliseRowsInputs,
  type RemoveParallelComponentInputs,
} from "./contract.ts";
import { shareAlong } from "./share-along.ts";

const normalise = defineProgram({
  label: "normaliseRows",
  buffers: { matrix: "out f32" },
  params: { rows: "u32", width: "u32" },
  uses: [joinSums],
  code: /* wgsl */ `
    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let at = row * params.width;
      var squares = 0.0;
      for (var column = lane; column < params.width; column += ${rowThreads}u) {
        squares += matrix[at + column] * matrix[at + column];
      }
      let norm = sqrt(join_sums(lane, squares));
      if (norm > 0.0) {
        for (var column = lane; column < params.width; column += ${rowThreads}u) { matrix[at + column] /= norm; }
      }
    }
  `,
});

const removeParallel = defineProgram({
  label: "removeParallelComponent",
  buffers: { gradient: "f32", matrix: "f32", out_gradient: "out f32" },
  params: { rows: "u32", width: "u32" },
  uses: [joinSums],
  code: /* wgsl */ `
    ${shareAlong("gradient", "matrix")}

    ${entryPoint(rowThreads)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let at = row * params.width;
      let share = share_along(lane, at, params.width);
      for (var column = lane; column < params.width; column += ${rowThreads}u) {
        out_gradient[at + column] = gradient[at + column] - share * matrix[at + column];
      }
    }
  `,
});

export const decoderNormWebGpu: readonly KernelVersion[] = [
  gpuVersion(normaliseRowsName, (memory, { matrix_FD }: NormaliseRowsInputs) => {
    const [rows = 1, width = 1] = matrix_FD.shape;
    memory.run(normalise, { buffers: { matrix: memory.updated(matrix_FD) }, params: { rows, width }, groups: rows });
    return [];
  }),
  gpuVersion(removeParallelComponentName, (memory, { gradient_FD, matrix_FD }: RemoveParallelComponentInputs) => {
    const [rows, width] = matrix_FD.shape;
    const out_FD = memory.allocate(gradient_FD.shape, "float32");
    memory.run(removeParallel, {
      buffers: { gradient: gradient_FD, matrix: matrix_FD, out_gradient: out_FD },
      params: { rows, width },
      groups: rows,
    });
    return out_FD;
  }),
];
