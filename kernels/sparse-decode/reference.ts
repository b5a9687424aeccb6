/**
 * Sparse decode composed of tfjs operations, a tile of rows at a time so that the gathered [rows, K, D] stays small.
 *
 * Shapes: B rows, D width, F features, K features a row, T rows of a tile.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { mapRowTiles } from "../reference-tiles.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "./contract.ts";

export const sparseDecodeReference: readonly KernelVersion[] = [
  referenceVersion(sparseDecodeName, ({ indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) => {
    const [rows, active] = indices_BK.shape;
    const tiles = mapRowTiles(rows, active * decoder_FD.shape[1], (start, count) => {
      const values_TK = tf.slice(values_BK, [start, 0], [count, -1]);
      const gathered_TKD = tf.gather(decoder_FD, tf.slice(indices_BK, [start, 0], [count, -1]));
      return tf.sum(tf.mul(tf.expandDims(values_TK, 2), gathered_TKD), 1);
    });
    return tf.concat(tiles, 0);
  }),
];
