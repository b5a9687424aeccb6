/**
 * The grouped kernels over typed arrays: rows are gathered and scattered by hand, blocks transposed by hand (tfjs'
 * wasm product is fast only without its transpose flags), and the product of each expert is one dense matMul.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, N rows of one expert.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import type * as tf from "@tensorflow/tfjs";
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import type { HostMemory } from "../host-memory.ts";
import { groupRows } from "../row-groups.ts";
import { gatherRows, transposeBlock } from "../rearrange.ts";
import {
  groupedDecodeName,
  groupedEncodeName,
  groupedOuterName,
  type GroupedAttributes,
  type GroupedDecodeInputs,
  type GroupedEncodeInputs,
  type GroupedOuterInputs,
} from "./contract.ts";

export const groupedMatmulHost: readonly KernelVersion[] = [
  hostVersion(groupedEncodeName, groupedEncodeHost),
  hostVersion(groupedDecodeName, groupedDecodeHost),
  hostVersion(groupedOuterName, groupedOuterHost),
];

function groupedEncodeHost(
  memory: HostMemory,
  { acts_BD, weights_FD, expertIndices_BR }: GroupedEncodeInputs,
  { numExperts }: GroupedAttributes,
): tf.Tensor {
  const [rows, width] = acts_BD.shape;
  const selected = expertIndices_BR.shape[1];
  const blockSize = weights_FD.shape[0] / numExperts;
  const out_BRM = memory.allocate([rows, selected, blockSize], "float32");
  forEachGroup(memory, expertIndices_BR, numExperts, (expert, pairs) => {
    const acts_ND = matrix(memory, pairs.length, width);
    const block_DM = matrix(memory, width, blockSize);
    gatherRows(memory.floats(acts_BD), memory.floats(acts_ND), { rows: pairs, width, divisor: selected });
    const block = memory.floats(weights_FD).subarray(expert * blockSize * width, (expert + 1) * blockSize * width);
    transposeBlock(block, memory.floats(block_DM), { rows: blockSize, columns: width });
    const product_NM = memory.matMul(acts_ND, block_DM);
    const out = memory.floats(out_BRM);
    const product = memory.floats(product_NM);
    for (let n = 0; n < pairs.length; n++) {
      out.set(product.subarray(n * blockSize, (n + 1) * blockSize), pairs[n]! * blockSize);
    }
    dispose(acts_ND, block_DM, product_NM);
  });
  return out_BRM;
}

function groupedDecodeHost(
  memory: HostMemory,
  { values_BRM, weights_FD, expertIndices_BR }: GroupedDecodeInputs,
  { numExperts }: GroupedAttributes,
): tf.Tensor {
  const [rows, selected, blockSize] = values_BRM.shape;
  const width = weights_FD.shape[1];
  const out_BD = memory.allocate([rows, width], "float32");
  memory.floats(out_BD).fill(0);
  forEachGroup(memory, expertIndices_BR, numExperts, (expert, pairs) => {
    const values_NM = matrix(memory, pairs.length, blockSize);
    const block_MD = matrix(memory, blockSize, width);
    gatherRows(memory.floats(values_BRM), memory.floats(values_NM), { rows: pairs, width: blockSize, divisor: 1 });
    const start = expert * blockSize * width;
    memory.floats(block_MD).set(memory.floats(weights_FD).subarray(start, start + blockSize * width));
    const product_ND = memory.matMul(values_NM, block_MD);
    const out = memory.floats(out_BD);
    const product = memory.floats(product_ND);
    for (let n = 0; n < pairs.length; n++) {
      const to = Math.floor(pairs[n]! / selected) * width;
      for (let d = 0; d < width; d++) out[to + d]! += product[n * width + d]!;
    }
    dispose(values_NM, block_MD, product_ND);
  });
  return out_BD;
}

function groupedOuterHost(
  memory: HostMemory,
  { values_BRM, rows_BD, expertIndices_BR }: GroupedOuterInputs,
  { numExperts }: GroupedAttributes,
): tf.Tensor {
  const [, selected, blockSize] = values_BRM.shape;
  const width = rows_BD.shape[1];
  const out_FD = memory.allocate([numExperts * blockSize, width], "float32");
  memory.floats(out_FD).fill(0);
  forEachGroup(memory, expertIndices_BR, numExperts, (expert, pairs) => {
    const values_NM = matrix(memory, pairs.length, blockSize);
    const values_MN = matrix(memory, blockSize, pairs.length);
    const rows_ND = matrix(memory, pairs.length, width);
    gatherRows(memory.floats(values_BRM), memory.floats(values_NM), { rows: pairs, width: blockSize, divisor: 1 });
    const shape = { rows: pairs.length, columns: blockSize };
    transposeBlock(memory.floats(values_NM), memory.floats(values_MN), shape);
    gatherRows(memory.floats(rows_BD), memory.floats(rows_ND), { rows: pairs, width, divisor: selected });
    const product_MD = memory.matMul(values_MN, rows_ND);
    memory.floats(out_FD).set(memory.floats(product_MD), expert * blockSize * width);
    dispose(values_NM, values_MN, rows_ND, product_MD);
  });
  return out_FD;
}

/** Calls `work` for every expert that received a row, in ascending order. */
function forEachGroup(
  memory: HostMemory,
  expertIndices_BR: tf.Tensor2D,
  numExperts: number,
  work: (expert: number, pairs: Int32Array) => void,
): void {
  for (const { expert, pairs } of groupRows(memory.ints(expertIndices_BR), numExperts)) {
    if (pairs.length > 0) work(expert, pairs);
  }
}

function matrix(memory: HostMemory, rows: number, columns: number): tf.Tensor2D {
  return memory.allocate([rows, columns], "float32") as tf.Tensor2D;
}

/** At once, not at the end of the kernel: the next expert reuses the memory. */
function dispose(...tensors: readonly tf.Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}
