/**
 * The register-blocked product that the grouped kernels share: a workgroup of 256 threads makes a tile of 64 x 64
 * outputs, sixteen of the inner dimension at a time from workgroup memory, and each thread sums 4 x 4 of them in
 * registers. The sums run over the inner dimension in ascending order: the same bits every time.
 */

export interface TiledProduct {
  /** Declarations before the entry point. */
  readonly declarations?: string;
  /** Statements that find out which tile this is; may `return`. Declare `inner: u32`, how many products are summed. */
  readonly setup: string;
  /** WGSL expression: the left operand at `row` (of the tile, 0 to 63) and `k`, which is below `inner`. */
  readonly left: string;
  /** WGSL expression: the right operand at `k` and `column` (of the tile). */
  readonly right: string;
  /** Which operands lie in memory along k, so that neighbouring threads should load neighbouring k. */
  readonly alongK: { readonly left: boolean; readonly right: boolean };
  /** Statements that use `row`, `column` and `value`. */
  readonly store: string;
}

export const tileSize = 64;
const depth = 16;
/** Rows of workgroup memory are padded, so that stores along k do not meet in one bank. */
const stride = tileSize + 1;

/** WGSL of the whole kernel. */
export function tiledProduct({ declarations = "", setup, left, right, alongK, store }: TiledProduct): string {
  return /* wgsl */ `
    var<workgroup> left_tile: array<f32, ${depth * stride}>;
    var<workgroup> right_tile: array<f32, ${depth * stride}>;
    ${declarations}

    @compute @workgroup_size(256)
    fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
      ${setup}
      let own_row = (lane / 16u) * 4u;
      let own_column = (lane % 16u) * 4u;
      // Four names, and no array: what is indexed by a variable may leave the registers.
      var sums0: vec4f;
      var sums1: vec4f;
      var sums2: vec4f;
      var sums3: vec4f;
      for (var start = 0u; start < inner; start += ${depth}u) {
        for (var i = 0u; i < 4u; i++) {
          ${load("left_tile", "row", left, alongK.left)}
          ${load("right_tile", "column", right, alongK.right)}
        }
        workgroupBarrier();
        for (var d = 0u; d < ${depth}u; d++) {
          let a = d * ${stride}u + own_row;
          let b = d * ${stride}u + own_column;
          let right = vec4f(right_tile[b], right_tile[b + 1u], right_tile[b + 2u], right_tile[b + 3u]);
          sums0 += left_tile[a] * right;
          sums1 += left_tile[a + 1u] * right;
          sums2 += left_tile[a + 2u] * right;
          sums3 += left_tile[a + 3u] * right;
        }
        workgroupBarrier();
      }
      let sums = array(sums0, sums1, sums2, sums3);
      for (var r = 0u; r < 4u; r++) {
        for (var c = 0u; c < 4u; c++) {
          let row = own_row + r;
          let column = own_column + c;
          let value = sums[r][c];
          ${store}
        }
      }
    }
  `;
}

/** One of the four elements that a thread brings of each operand's tile. */
function load(tile: string, axis: string, expression: string, isAlongK: boolean): string {
  const [d, other] = isAlongK
    ? [`lane % ${depth}u`, `lane / ${depth}u + i * ${256 / depth}u`]
    : [`lane / ${tileSize}u + i * ${256 / tileSize}u`, `lane % ${tileSize}u`];
  return /* wgsl */ `{
    let d = ${d};
    let ${axis} = ${other};
    let k = start + d;
    var loaded = 0.0;
    if (k < inner) { loaded = ${expression}; }
    ${tile}[d * ${stride}u + ${axis}] = loaded;
  }`;
}
