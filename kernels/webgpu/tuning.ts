/**
 * Choices that change how fast a kernel is and nothing else: shapes of tiles, threads of a workgroup, how much is done
 * at a time. None changes the order in which numbers are added, so none changes a bit of a result, and a run may go on
 * under another tuning. The defaults are a guess; autotune.ts measures which are the fastest on a GPU.
 */
import { tiles, type TileName } from "./tiled-product.ts";

export interface Tuning {
  /** Tiles of the grouped products; the first is encode top-k's too. */
  readonly encodeTile: TileName;
  readonly decodeTile: TileName;
  readonly outerTile: TileName;
  /** Threads of a workgroup that adds rows of a dictionary: for a row of the batch, and for a feature. */
  readonly sparseDecodeThreads: number;
  readonly accumulateThreads: number;
  /** Memory for the pre-activations of a part of the batch in encode top-k, in MiB. */
  readonly encodePartMiB: number;
}

const tileNames = Object.keys(tiles) as TileName[];

/** What each may be; the first is the default. */
export const choices: { readonly [Name in keyof Tuning]: readonly Tuning[Name][] } = {
  encodeTile: tileNames,
  decodeTile: tileNames,
  outerTile: tileNames,
  sparseDecodeThreads: [256, 128, 64],
  accumulateThreads: [256, 128, 64],
  encodePartMiB: [32, 8, 128],
};

export const tunedNames = Object.keys(choices) as (keyof Tuning)[];

export const defaultTuning: Tuning = {
  encodeTile: "64x64",
  decodeTile: "64x64",
  outerTile: "64x64",
  sparseDecodeThreads: 256,
  accumulateThreads: 256,
  encodePartMiB: 32,
};

/** Below it, most of a larger tile would lie beyond its operand. */
const small = 32;

/** @param rows Of a block of the product, roughly. @returns The tuned tile, or a smaller one for small blocks. */
export function tileFor(tuned: TileName, { rows, columns }: { rows: number; columns: number }): TileName {
  if (columns <= small) return "32x32";
  return rows <= small ? "32x64" : tuned;
}

/** @returns As many threads as tuned, or fewer where a row is so short that the others would have nothing to do. */
export function threadsFor(tuned: number, width: number): number {
  return Math.min(tuned, Math.max(64, 2 ** Math.ceil(Math.log2(width))));
}

/** Bytes of a part of the batch in encode top-k, at most. */
export function partBytesOf({ encodePartMiB }: Tuning): number {
  return encodePartMiB * 2 ** 20;
}

/** Whether a value, of a file for instance, is a tuning whose every choice exists. */
export function isTuning(value: unknown): value is Tuning {
  if (typeof value !== "object" || value === null) return false;
  const entries = value as Readonly<Record<string, unknown>>;
  return (
    Object.keys(entries).length === tunedNames.length &&
    tunedNames.every((name) => (choices[name] as readonly unknown[]).includes(entries[name]))
  );
}
