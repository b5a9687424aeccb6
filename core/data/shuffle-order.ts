/**
 * The order of a shuffled stream, as arithmetic: which rows of the store a window holds and in which order it emits
 * them, from the seed and the position. Reads nothing.
 */

/** What a shuffle needs of a random source. `Rng` is one. */
export interface SeededStreams {
  stream(name: string): { integer(limit: number): number };
}

export interface Window {
  /** Position in the stream of the first row emitted. */
  readonly start: number;
  readonly numRows: number;
  /** Rows of the store, in the order in which they fill the window. */
  readonly ranges: readonly RowSpan[];
  /** Emission order: the i-th emitted row lies at `permutation[i]` of the filled window. */
  readonly permutation: Uint32Array;
}

/** Rows [start, start + count) of a store. */
export interface RowSpan {
  readonly start: number;
  readonly count: number;
}

export interface ShuffleOrder {
  readonly maxWindowRows: number;
  /** Every window holds all rows, in the store's order. */
  readonly holdsAll: boolean;
  /** The window that emits `position`. */
  windowAt(position: number): Window;
}

/** Chunks are read whole: long enough for a disk, short enough that a window mixes many of them. */
const maxChunkRows = 256;
const minChunksInWindow = 128;

/** @returns Rows of the contiguous chunks that a window of `bufferRows` is filled from. */
export function chunkRowsFor(bufferRows: number): number {
  return Math.max(1, Math.min(maxChunkRows, Math.floor(bufferRows / minChunksInWindow)));
}

export function createShuffleOrder(options: {
  readonly numRows: number;
  readonly bufferRows: number;
  readonly rng: SeededStreams;
}): ShuffleOrder {
  const { numRows, rng } = options;
  // Windows of one size: a short last window would mix badly.
  const numWindows = Math.ceil(numRows / Math.max(1, options.bufferRows));
  const maxWindowRows = Math.ceil(numRows / numWindows);
  const holdsAll = maxWindowRows === numRows;
  const chunkRows = chunkRowsFor(maxWindowRows);
  let remembered: { readonly epoch: number; readonly chunks: Uint32Array } | undefined;

  function chunksOf(epoch: number): Uint32Array {
    if (remembered?.epoch !== epoch) {
      const numChunks = Math.ceil(numRows / chunkRows);
      remembered = { epoch, chunks: permutationOf(numChunks, rng, `shuffle/chunks/${epoch}`) };
    }
    return remembered.chunks;
  }

  return {
    maxWindowRows,
    holdsAll,
    windowAt(position) {
      const epoch = Math.floor(position / numRows);
      const index = Math.floor((position - epoch * numRows) / maxWindowRows);
      const first = index * maxWindowRows;
      const windowRows = Math.min(maxWindowRows, numRows - first);
      return {
        start: epoch * numRows + first,
        numRows: windowRows,
        ranges: holdsAll
          ? [{ start: 0, count: numRows }]
          : spansOf({ chunks: chunksOf(epoch), chunkRows, numRows, first, count: windowRows }),
        permutation: permutationOf(windowRows, rng, `shuffle/window/${epoch}/${index}`),
      };
    },
  };
}

/** Spans of the store behind positions [first, first + count) of the sequence of permuted chunks. */
function spansOf(query: {
  readonly chunks: Uint32Array;
  readonly chunkRows: number;
  readonly numRows: number;
  readonly first: number;
  readonly count: number;
}): readonly RowSpan[] {
  const { chunks, chunkRows, numRows, first, count } = query;
  const spans: RowSpan[] = [];
  let position = 0;
  for (const chunk of chunks) {
    const chunkStart = chunk * chunkRows;
    const size = Math.min(chunkRows, numRows - chunkStart);
    const from = Math.max(first, position);
    const to = Math.min(first + count, position + size);
    if (from < to) spans.push({ start: chunkStart + from - position, count: to - from });
    position += size;
    if (position >= first + count) break;
  }
  return spans;
}

/** Fisher and Yates' shuffle of 0..length-1. */
function permutationOf(length: number, rng: SeededStreams, name: string): Uint32Array {
  const stream = rng.stream(name);
  const permutation = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    const swapped = permutation[i] ?? 0;
    permutation[i] = permutation[j] ?? 0;
    permutation[j] = swapped;
  }
  return permutation;
}
