/**
 * Encode top-k over typed arrays: expert by expert, its rows a tile at a time through one dense product, and every
 * tile straight into the heaps of its rows while it is in cache.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, K active features a row, T rows of a tile.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import type * as tf from "@tensorflow/tfjs";
import type { HostMemory } from "../host-memory.ts";
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { gatherRows, transposeBlock } from "../rearrange.ts";
import { groupRows, tileRows, type ExpertGroup } from "../row-groups.ts";
import { encodeTopKName, type EncodeTopKAttributes, type EncodeTopKTensors } from "./contract.ts";
import { createRowHeaps, offerBlock, writeRow, type RowHeaps } from "./row-heaps.ts";

/** 1 MiB of pre-activations at a time. */
const maxTileElements = 1 << 18;

export const encodeTopKHost: readonly KernelVersion[] = [hostVersion(encodeTopKName, encodeTopK)];

function encodeTopK(
  memory: HostMemory,
  inputs: EncodeTopKTensors,
  { numExperts, k }: EncodeTopKAttributes,
): tf.Tensor[] {
  const [rows, selected] = inputs.expertIndices_BR.shape;
  const features = inputs.encoder_FD.shape[0];
  const heaps = createRowHeaps(rows, k);
  // Copies: small, and needed across operations that end the life of views.
  const expertIndices = memory.ints(inputs.expertIndices_BR).slice();
  const gates = selected === 1 ? undefined : memory.floats(inputs.gates_BR).slice();
  const bias =
    inputs.encoderBias_F === undefined ? new Float32Array(features) : memory.floats(inputs.encoderBias_F).slice();
  const blockSize = features / numExperts;
  // Experts come in ascending order, so every row sees its features in ascending order, as its heap requires.
  for (const group of groupRows(expertIndices, numExperts)) {
    if (group.pairs.length === 0) continue;
    forEachTile(memory, inputs, { group, blockSize, selected }, (pairs, preactivations) => {
      for (let n = 0; n < pairs.length; n++) {
        const pair = pairs[n]!;
        offerBlock(heaps, Math.floor(pair / selected), {
          preactivations,
          start: n * blockSize,
          length: blockSize,
          bias,
          firstIndex: group.expert * blockSize,
          gate: gates === undefined ? 1 : gates[pair]!,
        });
      }
    });
  }
  return writeOutputs(memory, heaps, { rows, k, expertIndices, selected, blockSize });
}

/** Calls `work` with the pre-activations (without bias) of each tile of an expert's rows, row-major [T, M]. */
function forEachTile(
  memory: HostMemory,
  { acts_BD, encoder_FD }: EncodeTopKTensors,
  { group, blockSize, selected }: { group: ExpertGroup; blockSize: number; selected: number },
  work: (pairs: Int32Array, preactivations: Float32Array) => void,
): void {
  const width = acts_BD.shape[1];
  const blockElements = blockSize * width;
  const block_DM = memory.allocate([width, blockSize], "float32") as tf.Tensor2D;
  const block = memory.floats(encoder_FD).subarray(group.expert * blockElements, (group.expert + 1) * blockElements);
  transposeBlock(block, memory.floats(block_DM), { rows: blockSize, columns: width });
  const step = tileRows(blockSize, maxTileElements);
  for (let start = 0; start < group.pairs.length; start += step) {
    const pairs = group.pairs.subarray(start, start + step);
    const acts_TD = memory.allocate([pairs.length, width], "float32") as tf.Tensor2D;
    gatherRows(memory.floats(acts_BD), memory.floats(acts_TD), { rows: pairs, width, divisor: selected });
    const preactivations_TM = memory.matMul(acts_TD, block_DM);
    work(pairs, memory.floats(preactivations_TM));
    acts_TD.dispose();
    preactivations_TM.dispose();
  }
  block_DM.dispose();
}

function writeOutputs(
  memory: HostMemory,
  heaps: RowHeaps,
  shape: { rows: number; k: number; expertIndices: Int32Array; selected: number; blockSize: number },
): tf.Tensor[] {
  const { rows, k, expertIndices, selected, blockSize } = shape;
  const indices_BK = memory.allocate([rows, k], "int32");
  const values_BK = memory.allocate([rows, k], "float32");
  const slots_BK = memory.allocate([rows, k], "int32");
  const indices = memory.ints(indices_BK);
  const values = memory.floats(values_BK);
  const slots = memory.ints(slots_BK);
  const packed = new Float64Array(k);
  slots.fill(0);
  for (let b = 0; b < rows; b++) {
    writeRow(heaps, b, { indices, values, packed });
    if (selected === 1) continue;
    const experts = expertIndices.subarray(b * selected, (b + 1) * selected);
    for (let at = b * k; at < (b + 1) * k; at++) slots[at] = experts.indexOf(Math.floor(indices[at]! / blockSize));
  }
  return [indices_BK, values_BK, slots_BK];
}
