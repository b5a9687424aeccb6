/** Row stores made of others: many files as one, and a range of rows as a store of its own. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { RowStore } from "./contracts.ts";
import { readRows } from "./row-file.ts";
import type { RowFile } from "./row-file.ts";

/**
 * The rows of all files, in the order of the files.
 * @throws SwitchyardError NO_FILES, NO_ROWS, WIDTHS_DIFFER
 */
export function createShardedStore(files: readonly RowFile[]): RowStore {
  const [first] = files;
  if (first === undefined) throw new SwitchyardError("NO_FILES", "There are no files of activations.");
  const starts: number[] = [];
  let numRows = 0;
  for (const file of files) {
    if (file.width !== first.width) {
      throw new SwitchyardError("WIDTHS_DIFFER", "Files of one source have rows of different width.", {
        where: file.file,
        expected: `rows of ${first.width} numbers, as in ${first.file}`,
        received: `rows of ${file.width} numbers`,
        next: "Name only files that come from the same layer of the same model.",
      });
    }
    starts.push(numRows);
    numRows += file.numRows;
  }
  if (numRows === 0) {
    throw new SwitchyardError("NO_ROWS", "The files of activations hold no rows.", { where: first.file });
  }
  const { width } = first;
  return {
    numRows,
    width,
    async read(start, count, into) {
      checkRange(start, count, numRows);
      for (const [index, file] of files.entries()) {
        const shardStart = starts[index] ?? 0;
        const from = Math.max(start, shardStart);
        const to = Math.min(start + count, shardStart + file.numRows);
        if (from < to) await readRows(file, from - shardStart, to - from, into.subarray((from - start) * width));
      }
    },
  };
}

/** Rows [start, start + count) of `store` as a store. */
export function rowRange(store: RowStore, start: number, count: number): RowStore {
  checkRange(start, count, store.numRows);
  return {
    numRows: count,
    width: store.width,
    async read(from, numRead, into) {
      checkRange(from, numRead, count);
      await store.read(start + from, numRead, into);
    },
  };
}

export interface HeldOutOptions {
  /** Takes precedence over the fraction. */
  readonly heldOutRows?: number | undefined;
  readonly heldOutFraction: number;
}

/** @returns How many of `numRows` are held out. @throws SwitchyardError SOURCE_OPTIONS when none would be left to train on */
export function numHeldOut(numRows: number, options: HeldOutOptions): number {
  const count = options.heldOutRows ?? Math.floor(numRows * options.heldOutFraction);
  if (count < numRows) return count;
  throw new SwitchyardError("SOURCE_OPTIONS", "Every row would be held out; none is left to train on.", {
    where: "source: heldOutRows, heldOutFraction",
    expected: `fewer than the ${numRows} rows that there are`,
    received: `${count} held-out rows`,
    next: "Hold out fewer rows.",
  });
}

function checkRange(start: number, count: number, numRows: number): void {
  if (start >= 0 && count >= 0 && start + count <= numRows) return;
  throw new RangeError(`rows ${start} to ${start + count} of a store of ${numRows} rows`);
}
