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

export interface ExpertGroups {
  /** int32 [N]: pairs b R + r, those of the first expert first, ascending within an expert. */
  readonly order: tf.TensorInfo;
  /** int32 [E + 1]: where each expert's pairs begin. */
  readonly starts: tf.TensorInfo;
}

/** Tiles of so many pairs of one expert each. */
export interface ExpertTiles {
  /** int32 [E + 1]: where each expert's tiles begin. */
  readonly tileStarts: tf.TensorInfo;
  /** At least as many tiles as there are. */
  readonly mostTiles: number;
}

const countTiles = defineProgram({
  label: "countTiles",
  buffers: { starts: "i32", out_tiles: "out i32" },
  params: { experts: "u32", tileRows: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let expert = group_index(id, groups) * 256u + lane;
      if (expert > params.experts) { return; }
      var tiles = 0u;
      if (expert < params.experts) {
        let pairs = u32(starts[expert + 1u] - starts[expert]);
        tiles = (pairs + params.tileRows - 1u) / params.tileRows;
      }
      out_tiles[expert] = i32(tiles);
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
  return sortByKey(memory, {
    ...{ keys: expertIndices_BR, first: rows.first * selected, count: rows.count * selected, limit: numExperts },
    ...(keep === undefined ? {} : { keep }),
  });
}

export interface TileRequest {
  readonly numExperts: number;
  /** N */
  readonly numPairs: number;
  /** Pairs of a tile. */
  readonly tileRows: number;
  /** Memory for the result; default: scratch. */
  readonly keep?: GpuMemory["scratch"];
}

/** @param starts Where each expert's pairs begin. */
export function tilesOfExperts(memory: GpuMemory, starts: tf.TensorInfo, request: TileRequest): ExpertTiles {
  const { numExperts, tileRows, keep } = request;
  const tiles = memory.scratch(numExperts + 1, "int32");
  memory.run(countTiles, {
    buffers: { starts, out_tiles: tiles },
    params: { experts: numExperts, tileRows },
    groups: Math.ceil((numExperts + 1) / 256),
  });
  return { tileStarts: exclusiveScan(memory, tiles, numExperts + 1, keep), mostTiles: mostTilesOf(request) };
}

/** Tiles that N pairs fill at most, whatever the routing. */
export function mostTilesOf({ numPairs, numExperts, tileRows }: Omit<TileRequest, "keep">): number {
  return Math.ceil(numPairs / tileRows) + numExperts;
}
