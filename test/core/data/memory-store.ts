/** A row store in memory whose every number tells its row and column, and which records what is read. */
import type { RowStore } from "../../../core/data/contracts.ts";

export interface MemoryStore extends RowStore {
  /** [start, count] of every read, in order. */
  readonly reads: readonly (readonly [number, number])[];
  /** The next reads fail, this many. */
  failNext: number;
}

/** Row r holds r, r + 0.25, r + 0.5, ... */
export function memoryStore(numRows: number, width = 2): MemoryStore {
  const reads: [number, number][] = [];
  const store = {
    numRows,
    width,
    reads,
    failNext: 0,
    read(start: number, count: number, into: Float32Array): Promise<void> {
      if (store.failNext > 0) {
        store.failNext -= 1;
        return Promise.reject(new Error("the disk is on fire"));
      }
      if (start < 0 || start + count > numRows) return Promise.reject(new RangeError(`${start} + ${count}`));
      reads.push([start, count]);
      for (let i = 0; i < count; i++) {
        for (let column = 0; column < width; column++) into[i * width + column] = start + i + column / 4;
      }
      return Promise.resolve();
    },
  };
  return store;
}
