/**
 * Exclusive prefix sums, the building block of sorting: blocks are summed by themselves, then the sums of the blocks,
 * then each block is raised by what stands before it.
 */
import type * as tf from "@tensorflow/tfjs";
import type { GpuMemory } from "./contracts.ts";
import { defineProgram, entryPoint } from "./program.ts";
import { joinCounts } from "./joining.ts";

/** Numbers of one workgroup: four a thread. */
const blockSize = 1024;

const scanBlocks = defineProgram({
  label: "scanBlocks",
  buffers: { values: "i32", out_sums: "out i32", out_blocks: "out i32" },
  params: { count: "u32" },
  uses: [joinCounts(256)],
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let block = group_index(id, groups);
      let first = block * ${blockSize}u + lane * 4u;
      var own: array<i32, 4>;
      var sum = 0;
      for (var i = 0u; i < 4u; i++) {
        own[i] = sum;
        if (first + i < params.count) { sum += values[first + i]; }
      }
      let joined = join_counts(lane, u32(sum));
      let offset = i32(joined.x);
      for (var i = 0u; i < 4u; i++) {
        if (first + i < params.count) { out_sums[first + i] = offset + own[i]; }
      }
      if (lane == 0u && block * ${blockSize}u < params.count) { out_blocks[block] = i32(joined.y); }
    }
  `,
});

const raiseBlocks = defineProgram({
  label: "raiseBlocks",
  buffers: { raise: "i32", sums: "out i32" },
  params: { count: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i < params.count) { sums[i] += raise[i / ${blockSize}u]; }
    }
  `,
});

/**
 * @param values int32 [count]. @param keep Memory for the result; default: scratch.
 * @returns int32 [count]: the sum of all values before each.
 */
export function exclusiveScan(
  memory: GpuMemory,
  values: tf.TensorInfo,
  count: number,
  keep: GpuMemory["scratch"] = memory.scratch,
): tf.TensorInfo {
  const sums = keep(count, "int32");
  const numBlocks = Math.ceil(count / blockSize);
  const blocks = memory.scratch(numBlocks, "int32");
  memory.run(scanBlocks, {
    buffers: { values, out_sums: sums, out_blocks: blocks },
    params: { count },
    groups: numBlocks,
  });
  if (numBlocks > 1) {
    const raise = exclusiveScan(memory, blocks, numBlocks);
    memory.run(raiseBlocks, { buffers: { raise, sums }, params: { count }, groups: Math.ceil(count / 256) });
  }
  return sums;
}
