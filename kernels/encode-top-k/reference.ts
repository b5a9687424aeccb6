/**
 * Encode top-k composed of tfjs operations. The routed blocks of a row are put into ascending order first, so that
 * `tf.topk`, which breaks ties by the lower position, breaks them by the lower feature index.
 *
 * Shapes: B rows, F features, E experts, M = F/E, R experts a row, K active features a row, T rows of a tile.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import * as tf from "@tensorflow/tfjs";
import { groupedEncodeReference } from "../grouped-matmul/reference.ts";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { mapRowTiles } from "../reference-tiles.ts";
import { encodeTopKName, type EncodeTopKAttributes, type EncodeTopKTensors } from "./contract.ts";

export const encodeTopKReference: readonly KernelVersion[] = [
  referenceVersion(encodeTopKName, (inputs: EncodeTopKTensors, { numExperts, k }: EncodeTopKAttributes) => {
    const [rows, selected] = inputs.expertIndices_BR.shape;
    const blockSize = inputs.encoder_FD.shape[0] / numExperts;
    const [experts_BR, slots_BR] = sortExperts(inputs.expertIndices_BR);
    // indices, values and slots of a tile travel as one [3, T, K] tensor; a float32 holds indices up to 2^24.
    const tiles = mapRowTiles(rows, selected * blockSize, (start, count) => {
      const expertIndices_TR = rowsOf(experts_BR, start, count);
      const slots_TR = rowsOf(slots_BR, start, count);
      const values_TP = activations(inputs, { start, count, expertIndices_TR, numExperts });
      const gates_TR = gatherInRows(rowsOf(inputs.gates_BR, start, count), slots_TR);
      const scores_TP =
        selected === 1 ? values_TP : tf.mul(values_TP, repeatEach(gates_TR, blockSize, [count, selected * blockSize]));
      const positions_TK = ascending(tf.topk(scores_TP, k).indices);
      const blocks_TK = tf.floorDiv(positions_TK, tf.scalar(blockSize, "int32"));
      const offsets_TK = tf.sub(positions_TK, tf.mul(blocks_TK, tf.scalar(blockSize, "int32")));
      const experts_TK = gatherInRows(expertIndices_TR, blocks_TK);
      const indices_TK = tf.add(tf.mul(experts_TK, tf.scalar(blockSize, "int32")), offsets_TK);
      const values_TK = gatherInRows(values_TP, positions_TK);
      const slots_TK = gatherInRows(slots_TR, blocks_TK);
      return tf.stack([tf.cast(indices_TK, "float32"), values_TK, tf.cast(slots_TK, "float32")]);
    });
    const [indices_BK, values_BK, slots_BK] = tf.unstack(tf.concat(tiles, 1)) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return [tf.cast(indices_BK, "int32"), values_BK, tf.cast(slots_BK, "int32")];
  }),
];

/** ReLU(pre-activations) of the routed blocks of a tile: [T, R*M]. */
function activations(
  { acts_BD, encoder_FD, encoderBias_F }: EncodeTopKTensors,
  tile: { start: number; count: number; expertIndices_TR: tf.Tensor2D; numExperts: number },
): tf.Tensor2D {
  const { start, count, expertIndices_TR, numExperts } = tile;
  const acts_TD = rowsOf(acts_BD, start, count);
  let values_TRM: tf.Tensor = groupedEncodeReference(
    { acts_BD: acts_TD, weights_FD: encoder_FD, expertIndices_BR: expertIndices_TR },
    { numExperts },
  );
  if (encoderBias_F !== undefined) {
    const bias_EM = tf.reshape(encoderBias_F, [numExperts, -1]);
    values_TRM = tf.add(values_TRM, tf.gather(bias_EM, expertIndices_TR));
  }
  return tf.reshape(tf.relu(values_TRM), [count, -1]);
}

/** @returns The experts of each row ascending, and where each stood before. Both int32 [B, R]. */
function sortExperts(expertIndices_BR: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const [rows, selected] = expertIndices_BR.shape;
  const experts = expertIndices_BR.dataSync();
  const slots = new Int32Array(rows * selected);
  for (let start = 0; start < slots.length; start += selected) {
    const order = Array.from({ length: selected }, (_, r) => r);
    slots.set(
      order.sort((a, b) => experts[start + a]! - experts[start + b]!),
      start,
    );
  }
  const sorted = slots.map((slot, at) => experts[at - (at % selected) + slot]!);
  return [tf.tensor2d(sorted, expertIndices_BR.shape, "int32"), tf.tensor2d(slots, expertIndices_BR.shape, "int32")];
}

/** Sorts each row; positions stay below 2^24, so a float32 holds them exactly. */
function ascending(positions_TK: tf.Tensor): tf.Tensor {
  const negated = tf.neg(tf.cast(positions_TK, "float32"));
  return tf.cast(tf.neg(tf.topk(negated, positions_TK.shape[1]).values), "int32");
}

function repeatEach(gates_TR: tf.Tensor, times: number, shape: [number, number]): tf.Tensor2D {
  return tf.reshape(tf.tile(tf.expandDims(gates_TR, 2), [1, 1, times]), shape);
}

/**
 * out[t, k] = matrix[t, positions[t, k]]. Over the flattened matrix, because `tf.gather` with batch dimensions reads
 * out of bounds on tfjs' wasm backend (4.22.0).
 */
function gatherInRows(matrix: tf.Tensor, positions_TK: tf.Tensor): tf.Tensor {
  const [rows = 1, columns = 1] = matrix.shape;
  const starts_T1 = tf.expandDims(tf.range(0, rows * columns, columns, "int32"), 1);
  return tf.gather(tf.reshape(matrix, [-1]), tf.add<tf.Tensor2D>(positions_TK, starts_T1));
}

function rowsOf<T extends tf.Tensor2D>(matrix: T, start: number, count: number): T {
  return tf.slice(matrix, [start, 0], [count, -1]);
}
