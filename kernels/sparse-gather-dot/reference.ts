/**
 * Sparse gather-dot composed of tfjs operations, a tile of rows at a time.
 *
 * Shapes: B rows, D width, F features, K features a row, T rows of a tile.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { mapRowTiles } from "../reference-tiles.ts";
import { sparseGatherDotName, type SparseGatherDotInputs } from "./contract.ts";

export const sparseGatherDotReference: readonly KernelVersion[] = [
  referenceVersion(sparseGatherDotName, ({ indices_BK, weights_FD, rows_BD }: SparseGatherDotInputs) => {
    const [rows, active] = indices_BK.shape;
    const tiles = mapRowTiles(rows, active * weights_FD.shape[1], (start, count) => {
      const gathered_TKD = tf.gather(weights_FD, tf.slice(indices_BK, [start, 0], [count, -1]));
      const rows_TD = tf.slice(rows_BD, [start, 0], [count, -1]);
      return tf.sum(tf.mul(gathered_TKD, tf.expandDims(rows_TD, 1)), 2);
    });
    return tf.concat(tiles, 0);
  }),
];
