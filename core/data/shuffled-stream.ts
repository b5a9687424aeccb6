/**
 * An endless, shuffled stream of rows out of a store that need not fit in memory. Rows are shuffled on two levels:
 * every epoch takes chunks of contiguous rows (cheap to read) in a new order, fills a window with consecutive ones,
 * and emits the window's rows in a new order. The row at a position is a function of (seed, bufferRows, position)
 * alone, so a resumed run needs no more than the number of rows it has seen.
 *
 * Memory: the window, and the next one, which is read while the first is being used. A window that holds the whole
 * store is read once and kept.
 */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { RowStore } from "./contracts.ts";
import { createShuffleOrder } from "./shuffle-order.ts";
import type { SeededStreams, ShuffleOrder, Window } from "./shuffle-order.ts";

export interface ShuffledStreamOptions {
  readonly store: RowStore;
  /** Only its streams named `shuffle/...` are used. */
  readonly rng: SeededStreams;
  /** Rows of a window: the more, the better mixed. */
  readonly bufferRows: number;
  /** Rows that were already consumed; the stream goes on after them. */
  readonly startRow?: number;
}

export interface ShuffledStream {
  /** D */
  readonly width: number;
  /** Rows emitted since the very beginning: what a checkpoint stores, and `startRow` receives. */
  readonly position: number;
  /**
   * Copies the next `count` rows into the front of `into`, row-major. Calls must not overlap.
   * @throws SwitchyardError whatever reading the store throws; the position has then not moved.
   */
  next(count: number, into: Float32Array): Promise<void>;
}

interface LoadedWindow {
  readonly window: Window;
  readonly rows: Float32Array;
}

/** @throws SwitchyardError NO_ROWS when the store is empty */
export function createShuffledStream(options: ShuffledStreamOptions): ShuffledStream {
  const { store, rng, bufferRows, startRow = 0 } = options;
  if (store.numRows < 1) {
    throw new SwitchyardError("NO_ROWS", "There are no rows to train on.", {
      expected: "at least one training row",
      received: "an empty store",
      next: "Give the source more data, or hold out fewer rows.",
    });
  }
  const order = createShuffleOrder({ numRows: store.numRows, bufferRows, rng });
  const windows = createWindowReader(store, order);
  const { width } = store;
  let position = startRow;
  return {
    width,
    get position() {
      return position;
    },
    async next(count, into) {
      let done = 0;
      while (done < count) {
        const { window, rows } = await windows.at(position + done);
        const first = position + done - window.start;
        const numTaken = Math.min(count - done, window.numRows - first);
        for (let i = 0; i < numTaken; i++) {
          const from = (window.permutation[first + i] ?? 0) * width;
          into.set(rows.subarray(from, from + width), (done + i) * width);
        }
        done += numTaken;
      }
      position += count;
    },
  };
}

/** Holds the current window and reads the next one ahead. */
function createWindowReader(store: RowStore, order: ShuffleOrder): { at(position: number): Promise<LoadedWindow> } {
  const freeBuffers: Float32Array[] = [];
  let current: LoadedWindow | undefined;
  let ahead: { readonly start: number; readonly loading: Promise<LoadedWindow> } | undefined;

  async function load(window: Window): Promise<LoadedWindow> {
    const rows = freeBuffers.pop() ?? new Float32Array(order.maxWindowRows * store.width);
    let filled = 0;
    // All at once: a training step gives the event loop one turn, in which a chain of reads would take one step.
    const reads = window.ranges.map(({ start, count }) => {
      const into = rows.subarray(filled * store.width, (filled + count) * store.width);
      filled += count;
      return store.read(start, count, into);
    });
    // Every read has ended before the buffer is free again.
    const failed = (await Promise.allSettled(reads)).find(({ status }) => status === "rejected");
    if (failed?.status !== "rejected") return { window, rows };
    freeBuffers.push(rows);
    throw failed.reason;
  }

  function readAhead(start: number): void {
    const loading = load(order.windowAt(start));
    // A failure is thrown when the window is asked for, which may be never.
    loading.catch(() => undefined);
    ahead = { start, loading };
  }

  async function replaceCurrent(position: number): Promise<LoadedWindow> {
    const window = order.windowAt(position);
    // One window holds every row: only the permutation changes from epoch to epoch.
    if (order.holdsAll && current !== undefined) return { window, rows: current.rows };
    if (current !== undefined) freeBuffers.push(current.rows);
    current = undefined;
    const taken = ahead;
    ahead = undefined;
    const loaded = taken?.start === window.start ? await taken.loading : await load(window);
    if (!order.holdsAll) readAhead(window.start + window.numRows);
    return loaded;
  }

  return {
    async at(position) {
      if (current === undefined || position < current.window.start || position >= end(current.window)) {
        current = await replaceCurrent(position);
      }
      return current;
    },
  };
}

function end(window: Window): number {
  return window.start + window.numRows;
}
