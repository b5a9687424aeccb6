/**
 * Sparse decode in WGSL: a workgroup a row, each thread some of the width, the features of the row in their order.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { defineProgram, entryPoint, inVariants } from "../webgpu/program.ts";
import { threadsFor } from "../webgpu/tuning.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "./contract.ts";

const decode = inVariants((threads: number) =>
  defineProgram({
    label: "sparseDecode",
    buffers: { indices: "i32", values: "f32", decoder: "f32", out_rows: "out f32" },
    params: { rows: "u32", width: "u32", perRow: "u32" },
    code: /* wgsl */ `
      ${entryPoint(threads)} {
        let row = group_index(id, groups);
        if (row >= params.rows) { return; }
        let first = row * params.perRow;
        for (var column = lane; column < params.width; column += ${threads}u) {
          var sum = 0.0;
          for (var k = 0u; k < params.perRow; k++) {
            sum += values[first + k] * decoder[u32(indices[first + k]) * params.width + column];
          }
          out_rows[row * params.width + column] = sum;
        }
      }
    `,
  }),
);

export const sparseDecodeWebGpu: readonly KernelVersion[] = [
  gpuVersion(sparseDecodeName, (memory, { indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) => {
    const [rows, active] = indices_BK.shape;
    const width = decoder_FD.shape[1];
    const out_BD = memory.allocate([rows, width], "float32");
    memory.run(decode(threadsFor(memory.tuning.sparseDecodeThreads, width)), {
      buffers: { indices: indices_BK, values: values_BK, decoder: decoder_FD, out_rows: out_BD },
      params: { rows, width, perRow: active },
      groups: rows,
    });
    return out_BD;
  }),
];
