/** Rows in tiles for the reference versions, so that what they gather does not grow with the batch. */
import * as tf from "@tensorflow/tfjs";
import { tileRows } from "./row-groups.ts";

/** 16 MiB of float32 an intermediate tensor. */
const maxTileElements = 1 << 22;

/** @param elementsPerRow Size of the largest intermediate, for one row. @returns One tensor a tile, in order. */
export function mapRowTiles(
  numRows: number,
  elementsPerRow: number,
  compute: (start: number, count: number) => tf.Tensor,
): tf.Tensor[] {
  const step = tileRows(elementsPerRow, maxTileElements);
  const tiles: tf.Tensor[] = [];
  for (let start = 0; start < numRows; start += step) {
    tiles.push(tf.tidy(() => compute(start, Math.min(step, numRows - start))));
  }
  return tiles;
}
