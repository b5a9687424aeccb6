/**
 * The grouped kernels in WGSL. Pairs are sorted by expert on the GPU; each workgroup finds its expert and its rows from
 * where the tiles of the experts begin, so the host never waits to learn how many rows an expert got.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, N = B R pairs.
 */
import type * as tf from "@tensorflow/tfjs";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import type { GpuMemory } from "../webgpu/contracts.ts";
import {
  groupByExpert,
  mostTilesOf,
  tilesOfExperts,
  type ExpertGroups,
  type ExpertTiles,
  type RowRange,
} from "../webgpu/expert-groups.ts";
import { defineProgram, entryPoint, inVariants } from "../webgpu/program.ts";
import { helpersOf, tiledProduct, tiles, type Operands, type Tile, type TileName } from "../webgpu/tiled-product.ts";
import { tileFor } from "../webgpu/tuning.ts";
import {
  groupedDecodeName,
  groupedEncodeName,
  groupedOuterName,
  type GroupedAttributes,
  type GroupedDecodeInputs,
  type GroupedEncodeInputs,
  type GroupedOuterInputs,
} from "./contract.ts";

/** Finds the expert of a tile of pairs, and the pairs of its rows. */
const pairsOfTile = ({ rows, columns }: Tile): { readonly declarations: string; readonly setup: string } => ({
  declarations: /* wgsl */ `var<workgroup> pairs: array<u32, ${rows}>;`,
  setup: /* wgsl */ `
    if (id.x >= u32(tile_starts[params.experts])) { return; }
    var low = 0u;
    var high = params.experts;
    while (high - low > 1u) {
      let middle = (low + high) / 2u;
      if (u32(tile_starts[middle]) <= id.x) { low = middle; } else { high = middle; }
    }
    let expert = low;
    let first_pair = u32(starts[expert]) + (id.x - u32(tile_starts[expert])) * ${rows}u;
    let num_pairs = min(${rows}u, u32(starts[expert + 1u]) - first_pair);
    // Rows beyond the last pair repeat it: they are computed and not stored. No tile has more rows than threads.
    if (lane < ${rows}u) { pairs[lane] = u32(order[first_pair + min(lane, num_pairs - 1u)]); }
    workgroupBarrier();
    let first_column = id.y * ${columns}u;
  `,
});

const encode = (epilogue: "none" | "relu") =>
  inVariants((tile: TileName, operands: Operands) =>
    defineProgram({
      label: epilogue === "relu" ? "encodeRows" : "groupedEncode",
      buffers: {
        ...{ acts: "f32", weights: "f32", bias: "f32", order: "i32", starts: "i32", tile_starts: "i32" },
        ...{ out_values: "out f32" },
      },
      params: { experts: "u32", selected: "u32", width: "u32", features: "u32", firstRow: "u32", hasBias: "u32" },
      uses: helpersOf(operands),
      code: tiledProduct({
        ...{ tile: tiles[tile], operands, declarations: pairsOfTile(tiles[tile]).declarations },
        setup: `${pairsOfTile(tiles[tile]).setup}\nlet inner = params.width;`,
        left: "acts[(params.firstRow + pairs[row] / params.selected) * params.width + k]",
        right:
          "weights[(expert * params.features + min(first_column + column, params.features - 1u)) * params.width + k]",
        alongK: { left: true, right: true },
        store: /* wgsl */ `
          if (row < num_pairs && first_column + column < params.features) {
            var result = value;
            if (params.hasBias == 1u) { result += bias[expert * params.features + first_column + column]; }
            ${epilogue === "relu" ? "result = select(result, 0.0, result <= 0.0);" : ""}
            out_values[pairs[row] * params.features + first_column + column] = result;
          }
        `,
      }),
    }),
  );

const plainEncode = encode("none");
const reluEncode = encode("relu");

const decode = inVariants((tile: TileName, operands: Operands) =>
  defineProgram({
    label: "groupedDecode",
    buffers: {
      ...{ values: "f32", weights: "f32", order: "i32", starts: "i32", tile_starts: "i32" },
      ...{ out_rows: "out f32" },
    },
    params: { experts: "u32", width: "u32", features: "u32" },
    uses: helpersOf(operands),
    code: tiledProduct({
      ...{ tile: tiles[tile], operands, declarations: pairsOfTile(tiles[tile]).declarations },
      setup: `${pairsOfTile(tiles[tile]).setup}\nlet inner = params.features;`,
      left: "values[pairs[row] * params.features + k]",
      right: "weights[(expert * params.features + k) * params.width + min(first_column + column, params.width - 1u)]",
      alongK: { left: true, right: false },
      store: /* wgsl */ `
        if (row < num_pairs && first_column + column < params.width) {
          out_rows[pairs[row] * params.width + first_column + column] = value;
        }
      `,
    }),
  }),
);

const sumSelected = defineProgram({
  label: "sumSelected",
  buffers: { parts: "f32", out_rows: "out f32" },
  params: { size: "u32", width: "u32", selected: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i >= params.size) { return; }
      let row = i / params.width;
      let column = i % params.width;
      var sum = 0.0;
      for (var r = 0u; r < params.selected; r++) {
        sum += parts[(row * params.selected + r) * params.width + column];
      }
      out_rows[i] = sum;
    }
  `,
});

/** Part of backward passes alone. */
const outer = inVariants((tile: TileName) =>
  defineProgram({
    label: "groupedOuter",
    buffers: { values: "f32", rows: "f32", order: "i32", starts: "i32", out_weights: "out f32" },
    params: { selected: "u32", width: "u32", features: "u32" },
    code: tiledProduct({
      ...{ tile: tiles[tile], operands: "float32" },
      setup: /* wgsl */ `
        let expert = id.z;
        let first_pair = u32(starts[expert]);
        let inner = u32(starts[expert + 1u]) - first_pair;
        let first_row = id.x * ${tiles[tile].rows}u;
        let first_column = id.y * ${tiles[tile].columns}u;
      `,
      left: "values[u32(order[first_pair + k]) * params.features + min(first_row + row, params.features - 1u)]",
      right:
        "rows[(u32(order[first_pair + k]) / params.selected) * params.width + min(first_column + column, params.width - 1u)]",
      alongK: { left: false, right: false },
      store: /* wgsl */ `
        if (first_row + row < params.features && first_column + column < params.width) {
          out_weights[(expert * params.features + first_row + row) * params.width + first_column + column] = value;
        }
      `,
    }),
  }),
);

/** Sorted once for an index tensor: the gradients use the same. */
function groupsOf(memory: GpuMemory, expertIndices_BR: tf.Tensor2D, numExperts: number): ExpertGroups {
  const [order, starts] = memory.attached(expertIndices_BR, `experts ${numExperts}`, (keep) => {
    const rows = { first: 0, count: expertIndices_BR.shape[0] };
    const groups = groupByExpert(memory, expertIndices_BR, { numExperts, rows, keep });
    return [groups.order, groups.starts];
  }) as [tf.TensorInfo, tf.TensorInfo];
  return { order, starts };
}

/** The same in tiles; where those begin is found once for an index tensor too. */
function tiledGroupsOf(
  memory: GpuMemory,
  expertIndices_BR: tf.Tensor2D,
  numExperts: number,
  tile: TileName,
): ExpertGroups & ExpertTiles {
  const groups = groupsOf(memory, expertIndices_BR, numExperts);
  const request = { numExperts, numPairs: expertIndices_BR.size, tileRows: tiles[tile].rows };
  const key = `experts ${numExperts} in tiles of ${request.tileRows}`;
  const [tileStarts] = memory.attached(expertIndices_BR, key, (keep) => [
    tilesOfExperts(memory, groups.starts, { ...request, keep }).tileStarts,
  ]) as [tf.TensorInfo];
  return { ...groups, tileStarts, mostTiles: mostTilesOf(request) };
}

/** Pre-activations of a part of the batch, with bias and ReLU: [count, R, M] in scratch memory. For encode top-k. */
export function encodeRows(
  memory: GpuMemory,
  operands: {
    readonly acts_BD: tf.Tensor2D;
    readonly weights_FD: tf.Tensor2D;
    readonly bias_F?: tf.Tensor1D | undefined;
    readonly expertIndices_BR: tf.Tensor2D;
  },
  { numExperts, rows }: { numExperts: number; rows: RowRange },
): tf.TensorInfo {
  const { weights_FD, expertIndices_BR } = operands;
  const selected = expertIndices_BR.shape[1];
  const out = memory.scratch((rows.count * selected * weights_FD.shape[0]) / numExperts, "float32");
  const numPairs = rows.count * selected;
  const tile = tileOfEncode(memory, { numPairs, numExperts, numFeatures: weights_FD.shape[0] });
  const groups = groupByExpert(memory, expertIndices_BR, { numExperts, rows });
  const request = { numExperts, numPairs, tileRows: tiles[tile].rows };
  runEncode(memory, {
    ...{ ...operands, tile, out, selected, numExperts, firstRow: rows.first },
    program: reluEncode(tile, memory.operands),
    groups: { ...groups, ...tilesOfExperts(memory, groups.starts, request) },
  });
  return out;
}

function tileOfEncode(
  memory: GpuMemory,
  { numPairs, numExperts, numFeatures }: { numPairs: number; numExperts: number; numFeatures: number },
): TileName {
  return tileFor(memory.tuning.encodeTile, { rows: numPairs / numExperts, columns: numFeatures / numExperts });
}

interface EncodeCall {
  readonly program: ReturnType<typeof plainEncode>;
  readonly tile: TileName;
  readonly acts_BD: tf.Tensor2D;
  readonly weights_FD: tf.Tensor2D;
  readonly bias_F?: tf.Tensor1D | undefined;
  readonly groups: ExpertGroups & ExpertTiles;
  readonly out: tf.TensorInfo;
  readonly selected: number;
  readonly numExperts: number;
  readonly firstRow: number;
}

function runEncode(memory: GpuMemory, call: EncodeCall): void {
  const { program, tile, acts_BD, weights_FD, bias_F, groups, out, selected, numExperts, firstRow } = call;
  const [numFeatures, width] = weights_FD.shape;
  const features = numFeatures / numExperts;
  memory.run(program, {
    buffers: {
      ...{ acts: acts_BD, weights: weights_FD, bias: bias_F ?? weights_FD },
      ...{ order: groups.order, starts: groups.starts, tile_starts: groups.tileStarts, out_values: out },
    },
    params: { experts: numExperts, selected, width, features, firstRow, hasBias: bias_F === undefined ? 0 : 1 },
    groups: [groups.mostTiles, Math.ceil(features / tiles[tile].columns), 1],
  });
}

/** Gradients are small enough to vanish in float16, so they are always multiplied in float32. */
function operandsOf(memory: GpuMemory, { isGradient }: GroupedAttributes): Operands {
  return isGradient === 1 ? "float32" : memory.operands;
}

export const groupedMatmulWebGpu: readonly KernelVersion[] = [
  gpuVersion(groupedEncodeName, (memory, inputs: GroupedEncodeInputs, attrs: GroupedAttributes) => {
    const { weights_FD, expertIndices_BR } = inputs;
    const { numExperts } = attrs;
    const [rows, selected] = expertIndices_BR.shape;
    const out = memory.allocate([rows, selected, weights_FD.shape[0] / numExperts], "float32");
    const tile = tileOfEncode(memory, { numPairs: rows * selected, numExperts, numFeatures: weights_FD.shape[0] });
    runEncode(memory, {
      ...{ ...inputs, tile, out, selected, numExperts, firstRow: 0 },
      program: plainEncode(tile, operandsOf(memory, attrs)),
      groups: tiledGroupsOf(memory, expertIndices_BR, numExperts, tile),
    });
    return out;
  }),
  gpuVersion(groupedDecodeName, (memory, inputs: GroupedDecodeInputs, attrs: GroupedAttributes) => {
    const { values_BRM, weights_FD, expertIndices_BR } = inputs;
    const { numExperts } = attrs;
    const [rows, selected, features] = values_BRM.shape;
    const width = weights_FD.shape[1];
    const out_BD = memory.allocate([rows, width], "float32");
    const parts = selected === 1 ? out_BD : memory.scratch(rows * selected * width, "float32");
    const tile = tileFor(memory.tuning.decodeTile, { rows: (rows * selected) / numExperts, columns: width });
    const { order, starts, tileStarts, mostTiles } = tiledGroupsOf(memory, expertIndices_BR, numExperts, tile);
    memory.run(decode(tile, operandsOf(memory, attrs)), {
      buffers: { values: values_BRM, weights: weights_FD, order, starts, tile_starts: tileStarts, out_rows: parts },
      params: { experts: numExperts, width, features },
      groups: [mostTiles, Math.ceil(width / tiles[tile].columns), 1],
    });
    if (selected > 1) {
      memory.run(sumSelected, {
        buffers: { parts, out_rows: out_BD },
        params: { size: rows * width, width, selected },
        groups: Math.ceil((rows * width) / 256),
      });
    }
    return out_BD;
  }),
  gpuVersion(groupedOuterName, (memory, inputs: GroupedOuterInputs, { numExperts }: GroupedAttributes) => {
    const { values_BRM, rows_BD, expertIndices_BR } = inputs;
    const [, selected, features] = values_BRM.shape;
    const width = rows_BD.shape[1];
    const { order, starts } = groupsOf(memory, expertIndices_BR, numExperts);
    const out_FD: tf.Tensor = memory.allocate([numExperts * features, width], "float32");
    const tile = tileFor(memory.tuning.outerTile, { rows: features, columns: width });
    memory.run(outer(tile), {
      buffers: { values: values_BRM, rows: rows_BD, order, starts, out_weights: out_FD },
      params: { selected, width, features },
      groups: [Math.ceil(features / tiles[tile].rows), Math.ceil(width / tiles[tile].columns), numExperts],
    });
    return out_FD;
  }),
];
