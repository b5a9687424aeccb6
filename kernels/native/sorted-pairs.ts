/**
 * The (row, feature) pairs of a code, ordered by feature. Encoder and decoder are selected by the same indices, so the
 * order is found once an index tensor and lives as long as that.
 *
 * Shapes: B rows, F features, K active features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { DataRecord } from "./backend.ts";
import type { NativeMemory } from "./memory.ts";

export interface SortedPairs {
  /** [F + 1] */
  readonly starts: Int32Array;
  /** [B K] */
  readonly positions: Int32Array;
  /** [B K] */
  readonly rowsOfPairs: Int32Array;
}

const sortedOf = new WeakMap<DataRecord, Map<number, SortedPairs>>();

/** @param indices_BK Its values never change: no kernel writes into an index tensor. */
export function sortedPairs(memory: NativeMemory, indices_BK: tf.Tensor2D, numFeatures: number): SortedPairs {
  const record = memory.record(indices_BK);
  const known = sortedOf.get(record) ?? new Map<number, SortedPairs>();
  sortedOf.set(record, known);
  const found = known.get(numFeatures);
  if (found !== undefined) return found;
  const [rows, active] = indices_BK.shape;
  const sorted: SortedPairs = {
    starts: new Int32Array(numFeatures + 1),
    positions: new Int32Array(rows * active),
    rowsOfPairs: new Int32Array(rows * active),
  };
  const { starts, positions, rowsOfPairs } = sorted;
  memory.addon.sortByFeature(rows, numFeatures, active, memory.ints(indices_BK), starts, positions, rowsOfPairs);
  known.set(numFeatures, sorted);
  return sorted;
}
