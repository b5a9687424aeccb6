/**
 * A stable sort of small whole numbers: radix sort, eight bits at a time, from the lowest. Equal keys keep their order,
 * so sums over what was sorted are added in the order of the rows, and give the same bits every time. Counts are taken
 * with atomic additions of whole numbers, whose result does not depend on their order; places are not.
 */
import type * as tf from "@tensorflow/tfjs";
import type { GpuMemory } from "./contracts.ts";
import { defineProgram, entryPoint } from "./program.ts";
import { exclusiveScan } from "./scan.ts";

const tileSize = 256;
const numDigits = 256;

const countDigits = defineProgram({
  label: "countDigits",
  buffers: { keys: "i32", out_counts: "out i32" },
  params: { first: "u32", count: "u32", tiles: "u32", shift: "u32" },
  code: /* wgsl */ `
    var<workgroup> counts: array<atomic<u32>, ${numDigits}>;

    ${entryPoint(tileSize)} {
      let tile = group_index(id, groups);
      atomicStore(&counts[lane], 0u);
      workgroupBarrier();
      let i = tile * ${tileSize}u + lane;
      if (i < params.count) {
        let digit = (u32(keys[params.first + i]) >> params.shift) & ${numDigits - 1}u;
        atomicAdd(&counts[digit], 1u);
      }
      workgroupBarrier();
      if (tile < params.tiles) { out_counts[lane * params.tiles + tile] = i32(atomicLoad(&counts[lane])); }
    }
  `,
});

const placeDigits = defineProgram({
  label: "placeDigits",
  buffers: { keys: "i32", order: "i32", offsets: "i32", out_keys: "out i32", out_order: "out i32" },
  params: { first: "u32", count: "u32", tiles: "u32", shift: "u32", isOrdered: "u32" },
  code: /* wgsl */ `
    var<workgroup> digits: array<u32, ${tileSize}>;

    ${entryPoint(tileSize)} {
      let tile = group_index(id, groups);
      let i = tile * ${tileSize}u + lane;
      var key = 0;
      var digit = ${numDigits}u;
      if (i < params.count) {
        key = keys[params.first + i];
        digit = (u32(key) >> params.shift) & ${numDigits - 1}u;
      }
      digits[lane] = digit;
      workgroupBarrier();
      if (i >= params.count) { return; }
      var rank = 0u;
      for (var other = 0u; other < lane; other++) { rank += u32(digits[other] == digit); }
      let place = u32(offsets[digit * params.tiles + tile]) + rank;
      out_keys[place] = key;
      out_order[place] = select(i32(i), order[i], params.isOrdered == 1u);
    }
  `,
});

const findStarts = defineProgram({
  label: "findStarts",
  buffers: { keys: "i32", out_starts: "out i32" },
  params: { count: "u32", limit: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let key = group_index(id, groups) * 256u + lane;
      if (key > params.limit) { return; }
      var low = 0u;
      var high = params.count;
      while (low < high) {
        let middle = (low + high) / 2u;
        if (u32(keys[middle]) < key) { low = middle + 1u; } else { high = middle; }
      }
      out_starts[key] = i32(low);
    }
  `,
});

export interface Sorted {
  /** int32 [count]: positions in the given keys, those of the smallest key first. */
  readonly order: tf.TensorInfo;
  /** int32 [limit + 1]: where each key begins in `order`; the last is `count`. */
  readonly starts: tf.TensorInfo;
}

export interface SortRequest {
  /** int32, from 0 to `limit` - 1. */
  readonly keys: tf.TensorInfo;
  /** Where they begin in the tensor, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly limit: number;
  /** Memory for the result; default: scratch. */
  readonly keep?: GpuMemory["scratch"];
}

export function sortByKey(memory: GpuMemory, request: SortRequest): Sorted {
  const { count, limit, keep = memory.scratch } = request;
  const tiles = Math.ceil(count / tileSize);
  const passes = Math.max(1, Math.ceil(Math.log2(limit) / 8));
  let { keys, first } = request;
  let order: tf.TensorInfo | undefined;
  for (let pass = 0; pass < passes; pass++) {
    const shift = 8 * pass;
    const counts = memory.scratch(numDigits * tiles, "int32");
    memory.run(countDigits, {
      buffers: { keys, out_counts: counts },
      params: { first, count, tiles, shift },
      groups: tiles,
    });
    const nextKeys = memory.scratch(count, "int32");
    const nextOrder = pass === passes - 1 ? keep(count, "int32") : memory.scratch(count, "int32");
    memory.run(placeDigits, {
      buffers: {
        ...{ keys, order: order ?? keys, offsets: exclusiveScan(memory, counts, numDigits * tiles) },
        ...{ out_keys: nextKeys, out_order: nextOrder },
      },
      params: { first, count, tiles, shift, isOrdered: order === undefined ? 0 : 1 },
      groups: tiles,
    });
    [keys, first, order] = [nextKeys, 0, nextOrder];
  }
  const starts = keep(limit + 1, "int32");
  memory.run(findStarts, {
    buffers: { keys, out_starts: starts },
    params: { count, limit },
    groups: Math.ceil((limit + 1) / 256),
  });
  return { order: order as tf.TensorInfo, starts };
}
