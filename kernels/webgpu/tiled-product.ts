/**
 * The register-blocked product that the grouped kernels share: a workgroup makes a tile of outputs, some of the inner
 * dimension at a time from workgroup memory, and each thread sums a few outputs in registers. Every sum runs over
 * the inner dimension in ascending order, whatever the shape of the tile: the same bits every time, from every tile.
 */
import type { Snippet } from "./program.ts";

/** The shape of a tile: the fastest differs among GPUs (see tuning.ts), the results do not. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** How much of the inner dimension lies in workgroup memory at a time. */
  readonly depth: number;
  /** Outputs of a thread, a multiple of 4 each. */
  readonly threadRows: number;
  readonly threadColumns: number;
}

/** All powers of two; at most 256 threads and 16 KiB of workgroup memory, which every device has. The first is the default. */
export const tiles = {
  "64x64": { rows: 64, columns: 64, depth: 16, threadRows: 4, threadColumns: 4 },
  "128x64": { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
  "128x128": { rows: 128, columns: 128, depth: 8, threadRows: 8, threadColumns: 8 },
  "32x64": { rows: 32, columns: 64, depth: 16, threadRows: 4, threadColumns: 4 },
  "32x32": { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 },
} as const satisfies Readonly<Record<string, Tile>>;

export type TileName = keyof typeof tiles;

/** In which numbers the operands are multiplied; sums are always float32. */
export type Operands = "float32" | "float16";

export interface TiledProduct {
  readonly tile: Tile;
  /** The program uses `helpersOf` them. */
  readonly operands: Operands;
  /** Declarations before the entry point. */
  readonly declarations?: string;
  /** Statements that find out which tile this is; may `return`. Declare `inner: u32`, how many products are summed. */
  readonly setup: string;
  /** WGSL expression: the left operand at `row` (of the tile) and `k`, which is below `inner`. */
  readonly left: string;
  /** WGSL expression: the right operand at `k` and `column` (of the tile). */
  readonly right: string;
  /** Which operands lie in memory along k, so that neighbouring threads should load neighbouring k. */
  readonly alongK: { readonly left: boolean; readonly right: boolean };
  /** Statements that use `row`, `column` and `value`. */
  readonly store: string;
}

export function helpersOf(operands: Operands): readonly Snippet[] {
  return operands === "float16" ? [half] : [];
}

/**
 * `half` and `to_half`: numbers of float16, the nearest within its range. Where WGSL has no f16, they are rounded to
 * the same numbers and kept as float32.
 */
const half: Snippet = ({ hasFloat16 }) => /* wgsl */ `
  alias half = ${hasFloat16 ? "f16" : "f32"};
  fn to_half(x: f32) -> half {
    let within = clamp(x, -65504.0, 65504.0);
    return ${hasFloat16 ? "f16(within)" : "unpack2x16float(pack2x16float(vec2f(within, 0.0))).x"};
  }
`;

export function threadsOf({ rows, columns, threadRows, threadColumns }: Tile): number {
  return (rows / threadRows) * (columns / threadColumns);
}

/** WGSL of the whole kernel. */
export function tiledProduct(product: TiledProduct): string {
  const { tile, operands, declarations = "", setup, left, right, alongK, store } = product;
  const { rows, columns, depth, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const element = operands === "float16" ? "half" : "f32";
  // A register each, and no array: what is indexed by a variable may leave the registers.
  const ownRows = [...Array(threadRows).keys()];
  const rowQuads = [...Array(threadRows / 4).keys()];
  const columnQuads = [...Array(threadColumns / 4).keys()];
  const sums = ownRows.flatMap((r) => columnQuads.map((q) => `sums${r}_${q}`));
  return /* wgsl */ `
    var<workgroup> left_tile: array<vec4<${element}>, ${depth * strideOf(rows)}>;
    var<workgroup> right_tile: array<vec4<${element}>, ${depth * strideOf(columns)}>;
    ${declarations}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
      ${setup}
      let own_row = (lane / ${columns / threadColumns}u) * ${threadRows}u;
      let own_column = (lane % ${columns / threadColumns}u) * ${threadColumns}u;
      ${sums.map((sum) => `var ${sum}: vec4f;`).join(" ")}
      for (var start = 0u; start < inner; start += ${depth}u) {
        ${load(product, { name: "left_tile", axis: "row", size: rows, expression: left, isAlongK: alongK.left })}
        ${load(product, { name: "right_tile", axis: "column", size: columns, expression: right, isAlongK: alongK.right })}
        workgroupBarrier();
        for (var d = 0u; d < ${depth}u; d++) {
          let a = d * ${strideOf(rows)}u + own_row / 4u;
          let b = d * ${strideOf(columns)}u + own_column / 4u;
          ${rowQuads.map((q) => `let left${q} = vec4f(left_tile[a + ${q}u]);`).join("\n")}
          ${columnQuads.map((q) => `let right${q} = vec4f(right_tile[b + ${q}u]);`).join("\n")}
          ${ownRows
            .flatMap((r) => columnQuads.map((q) => `sums${r}_${q} += left${Math.floor(r / 4)}[${r % 4}] * right${q};`))
            .join("\n")}
        }
        workgroupBarrier();
      }
      let sums = array(${sums.join(", ")});
      for (var r = 0u; r < ${threadRows}u; r++) {
        for (var c = 0u; c < ${threadColumns}u; c++) {
          let row = own_row + r;
          let column = own_column + c;
          let value = sums[r * ${columnQuads.length}u + c / 4u][c % 4u];
          ${store}
        }
      }
    }
  `;
}

/** In vectors of four, which a thread reads at once. Padded, so that stores along k do not all meet in one bank. */
function strideOf(size: number): number {
  return size / 4 + 1;
}

interface LoadedTile {
  readonly name: string;
  readonly axis: "row" | "column";
  /** Of the tile along the axis. */
  readonly size: number;
  readonly expression: string;
  readonly isAlongK: boolean;
}

/** A thread brings elements a whole number of workgroups apart. */
function load({ tile, operands }: TiledProduct, { name, axis, size, expression, isAlongK }: LoadedTile): string {
  const { depth } = tile;
  const threads = threadsOf(tile);
  const [d, other] = isAlongK ? [`at % ${depth}u`, `at / ${depth}u`] : [`at / ${size}u`, `at % ${size}u`];
  return /* wgsl */ `
    for (var at = lane; at < ${depth * size}u; at += ${threads}u) {
      let d = ${d};
      let ${axis} = ${other};
      let k = start + d;
      var loaded = 0.0;
      if (k < inner) { loaded = ${expression}; }
      ${name}[d * ${strideOf(size)}u + ${axis} / 4u][${axis} % 4u] = ${operands === "float16" ? "to_half(loaded)" : "loaded"};
    }`;
}
