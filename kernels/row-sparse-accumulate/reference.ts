/**
 * Row-sparse accumulate composed of tfjs operations. `scatterND` adds duplicates in the order of the updates on the
 * cpu and wasm backends; a GPU backend adds with atomics, whose order (and last bits) it does not promise.
 *
 * Shapes: B rows, D width, F features, K features a row, T rows of a tile.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { mapRowTiles } from "../reference-tiles.ts";
import {
  rowSparseAccumulateName,
  type RowSparseAccumulateAttributes,
  type RowSparseAccumulateInputs,
} from "./contract.ts";

export const rowSparseAccumulateReference: readonly KernelVersion[] = [
  referenceVersion(
    rowSparseAccumulateName,
    (
      { indices_BK, coefficients_BK, rows_BD }: RowSparseAccumulateInputs,
      { numFeatures }: RowSparseAccumulateAttributes,
    ) => {
      const [rows, active] = indices_BK.shape;
      const width = rows_BD.shape[1];
      const tiles = mapRowTiles(rows, active * width, (start, count) => {
        const coefficients_TK = tf.slice(coefficients_BK, [start, 0], [count, -1]);
        const rows_TD = tf.slice(rows_BD, [start, 0], [count, -1]);
        const updates = tf.reshape(tf.mul(tf.expandDims(coefficients_TK, 2), tf.expandDims(rows_TD, 1)), [-1, width]);
        const targets = tf.reshape(tf.slice(indices_BK, [start, 0], [count, -1]), [count * active, 1]);
        return tf.scatterND(targets, updates, [numFeatures, width]);
      });
      return tiles.reduce((sum, tile) => tf.add(sum, tile));
    },
  ),
];
