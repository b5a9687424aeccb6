/**
 * The (row, expert) pairs of a routing, ordered by expert, and cut into tiles of rows that have one expert: what a
 * grouped product needs to give each workgroup its rows without the host knowing how many an expert got.
 *
 * Shapes: B rows, R experts a row, E experts, N = B R pairs.
 */
import type * as tf from "@tensorflow/tfjs";
import type { GpuMemory } from "./contracts.ts";
import { defineProgram, entryPoint } from "./program.ts";
import { exclusiveScan } from "./scan.ts";
import { sortByKey } from "./sort.ts";

/** Rows of a tile of the product. */
export const tileRows = 64;

export interface ExpertGroups {
  /** int32 [N]: pairs b R + r, those of the first expert first, ascending within an expert. */
  readonly order: tf.TensorInfo;
  /** int32 [E + 1]: where each expert's pairs begin. */
  readonly starts: tf.TensorInfo;
  /** int32 [E + 1]: where each expert's tiles begin. */
  readonly tileStarts: tf.TensorInfo;
  /** At least as many tiles as there are. */
  readonly mostTiles: number;
}

const countTiles = defineProgram({
  label: "countTiles",
  buffers: { starts: "i32", out_tiles: "out i32" },
  params: { experts: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let expert = group_index(id, groups) * 256u + lane;
      if (expert > params.experts) { return; }
      var tiles = 0;
      if (expert < params.experts) { tiles = (starts[expert + 1u] - starts[expert] + ${tileRows - 1}) / ${tileRows}; }
      out_tiles[expert] = tiles;
    }
  `,
});

/** A part of a batch: rows `first` to `first + count`. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** @param keep Memory for the result; default: scratch. */
export function groupByExpert(
  memory: GpuMemory,
  expertIndices_BR: tf.TensorInfo,
  { numExperts, rows, keep }: { numExperts: number; rows: RowRange; keep?: GpuMemory["scratch"] },
): ExpertGroups {
  const [, selected = 1] = expertIndices_BR.shape;
  const count = rows.count * selected;
  const sorted = sortByKey(memory, {
    ...{ keys: expertIndices_BR, first: rows.first * selected, count, limit: numExperts },
    ...(keep === undefined ? {} : { keep }),
  });
  const tiles = memory.scratch(numExperts + 1, "int32");
  memory.run(countTiles, {
    buffers: { starts: sorted.starts, out_tiles: tiles },
    params: { experts: numExperts },
    groups: Math.ceil((numExperts + 1) / 256),
  });
  const tileStarts = exclusiveScan(memory, tiles, numExperts + 1, keep);
  return { ...sorted, tileStarts, mostTiles: mostTilesOf(count, numExperts) };
}

/** Tiles that N pairs fill at most, whatever the routing. */
export function mostTilesOf(pairs: number, numExperts: number): number {
  return Math.ceil(pairs / tileRows) + numExperts;
}
