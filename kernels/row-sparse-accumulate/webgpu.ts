/**
 * Row-sparse accumulate in WGSL: the (row, feature) pairs are sorted by feature, once for an index tensor, and a workgroup
 * a feature adds its rows in ascending order: no atomic additions of floats, so the same bits every time.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import * as tf from "@tensorflow/tfjs";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import type { GpuMemory } from "../webgpu/contracts.ts";
import { defineProgram, entryPoint, inVariants } from "../webgpu/program.ts";
import { sortByKey, type Sorted } from "../webgpu/sort.ts";
import { threadsFor } from "../webgpu/tuning.ts";
import {
  rowSparseAccumulateName,
  type RowSparseAccumulateAttributes,
  type RowSparseAccumulateInputs,
} from "./contract.ts";

const accumulate = inVariants((threads: number) =>
  defineProgram({
    label: "rowSparseAccumulate",
    buffers: { order: "i32", starts: "i32", coefficients: "f32", rows: "f32", out_features: "out f32" },
    params: { features: "u32", width: "u32", perRow: "u32" },
    code: /* wgsl */ `
      ${entryPoint(threads)} {
        let feature = group_index(id, groups);
        if (feature >= params.features) { return; }
        let first = u32(starts[feature]);
        let end = u32(starts[feature + 1u]);
        for (var column = lane; column < params.width; column += ${threads}u) {
          var sum = 0.0;
          var at = first;
          // Four loads on their way at a time; the additions keep their order.
          for (; at + 4u <= end; at += 4u) {
            let pair = vec4u(u32(order[at]), u32(order[at + 1u]), u32(order[at + 2u]), u32(order[at + 3u]));
            let row = pair / params.perRow;
            let a = coefficients[pair.x] * rows[row.x * params.width + column];
            let b = coefficients[pair.y] * rows[row.y * params.width + column];
            let c = coefficients[pair.z] * rows[row.z * params.width + column];
            let d = coefficients[pair.w] * rows[row.w * params.width + column];
            sum = (((sum + a) + b) + c) + d;
          }
          for (; at < end; at++) {
            let pair = u32(order[at]);
            sum += coefficients[pair] * rows[(pair / params.perRow) * params.width + column];
          }
          out_features[feature * params.width + column] = sum;
        }
      }
    `,
  }),
);

/** The pairs by feature. Encoder and decoder are selected by the same indices, so it is found once an index tensor. */
function sortedPairs(memory: GpuMemory, indices_BK: tf.TensorInfo, numFeatures: number): Sorted {
  const count = tf.util.sizeFromShape(indices_BK.shape);
  const [order, starts] = memory.attached(indices_BK, `features ${numFeatures}`, (keep) => {
    const sorted = sortByKey(memory, { keys: indices_BK, first: 0, count, limit: numFeatures, keep });
    return [sorted.order, sorted.starts];
  }) as [tf.TensorInfo, tf.TensorInfo];
  return { order, starts };
}

/** See the kernel; for gradients that are gathers' too. @returns [F, D] */
export function accumulateRows(
  memory: GpuMemory,
  { indices_BK, coefficients_BK, rows_BD }: Readonly<Record<keyof RowSparseAccumulateInputs, tf.TensorInfo>>,
  numFeatures: number,
): tf.Tensor {
  const [, width = 1] = rows_BD.shape;
  const [, perRow = 1] = indices_BK.shape;
  const out_FD = memory.allocate([numFeatures, width], "float32");
  const { order, starts } = sortedPairs(memory, indices_BK, numFeatures);
  memory.run(accumulate(threadsFor(memory.tuning.accumulateThreads, width)), {
    buffers: { order, starts, coefficients: coefficients_BK, rows: rows_BD, out_features: out_FD },
    params: { features: numFeatures, width, perRow },
    groups: numFeatures,
  });
  return out_FD;
}

export const rowSparseAccumulateWebGpu: readonly KernelVersion[] = [
  gpuVersion(
    rowSparseAccumulateName,
    (memory, inputs: RowSparseAccumulateInputs, { numFeatures }: RowSparseAccumulateAttributes) =>
      accumulateRows(memory, inputs, numFeatures),
  ),
];
