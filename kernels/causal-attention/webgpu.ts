/**
 * Causal attention in WGSL, in one program whose scores never leave a thread. A workgroup has some queries of one head
 * of one context; each thread has one of them, with its sums in registers. Keys and values come through workgroup memory
 * some at a time, and none that is later than all queries. The softmax runs along: what was summed so far is rescaled
 * when a larger score comes. Keys are added in their order: the same bits every time.
 *
 * The text of a program depends on the width of a head. A wider one than 128 would need more than the 16 KiB of workgroup
 * memory that every device has: the composition of tfjs' operations does it.
 *
 * Shapes: C contexts, T positions, N = C T rows, H heads, d width of a head, D = H d; a quad is four numbers of a head.
 * @see Dao et al. 2022 (FlashAttention), algorithm 1
 */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import type { AttentionShape } from "../kernels.ts";
import { entryPoint, inVariants, type GpuProgram } from "../webgpu/program.ts";
import { causalAttentionName, type CausalAttentionInputs } from "./contract.ts";
import { composedAttention } from "./reference.ts";

type AttentionProgram = GpuProgram<"qkv" | "out_heads", "groups" | "length" | "heads" | "width" | "scale">;

/** Below every score, and finite: WGSL does not promise infinities. */
const lowest = "-1e38";

/** Queries of a workgroup, which are its threads: as many rows as 16 KiB hold, 64 at most. */
function queriesOf(quads: number): number {
  return quads <= 16 ? 64 : 32;
}

/** The program for heads of so many quads. */
export const attentionProgram = inVariants((quads: number): AttentionProgram => {
  const queries = queriesOf(quads);
  const keys = queries / 2;
  const each = (statement: (i: number) => string): string =>
    Array.from({ length: quads }, (_, i) => statement(i)).join("\n");
  /** Quad i of the row of the tile that begins at `start`. */
  const quad = (start: string, i: number): string => `tile[${start} + ${i}u]`;
  return {
    label: "causalAttention",
    buffers: { qkv: "f32", out_heads: "out f32" },
    params: { groups: "u32", length: "u32", heads: "u32", width: "u32", scale: "f32" },
    code: /* wgsl */ `
      const query_part = 0u;
      const key_part = 1u;
      const value_part = 2u;

      /// Rows of a head: the queries, then keys in the first half and values in the second, then the output.
      var<workgroup> tile: array<vec4f, ${queries * quads}>;

      struct Head { context: u32, number: u32 }

      fn number_at(head: Head, part: u32, position: u32, column: u32) -> f32 {
        if (position >= params.length || column >= params.width) { return 0.0; }
        let row = head.context * params.length + position;
        return qkv[((row * 3u + part) * params.heads + head.number) * params.width + column];
      }

      /// Brings rows into the tile; those beyond the context are zeros, and so is what fills the last quad of a row.
      fn bring(lane: u32, head: Head, part: u32, first: u32, count: u32, start: u32) {
        for (var i = lane; i < count * ${quads}u; i += ${queries}u) {
          let position = first + i / ${quads}u;
          let column = (i % ${quads}u) * 4u;
          tile[start + i] = vec4f(
            number_at(head, part, position, column), number_at(head, part, position, column + 1u),
            number_at(head, part, position, column + 2u), number_at(head, part, position, column + 3u),
          );
        }
      }

      ${entryPoint(queries)} {
        let group = group_index(id, groups);
        if (group >= params.groups) { return; }
        let tiles = (params.length + ${queries - 1}u) / ${queries}u;
        let head = Head(group / tiles / params.heads, (group / tiles) % params.heads);
        let first_query = (group % tiles) * ${queries}u;
        let end = min(first_query + ${queries}u, params.length);
        // A thread sees keys up to its own position; one beyond the context sees none.
        let own_end = select(0u, first_query + lane + 1u, first_query + lane < end);
        bring(lane, head, query_part, first_query, ${queries}u, 0u);
        workgroupBarrier();
        // Names, and no arrays: what is indexed by a variable may leave the registers.
        let own = lane * ${quads}u;
        ${each((i) => `let query${i} = ${quad("own", i)} * params.scale;`)}
        ${each((i) => `var sum${i} = vec4f();`)}
        var largest = ${lowest};
        var sum_of_weights = 0.0;
        for (var first = 0u; first < end; first += ${keys}u) {
          workgroupBarrier();
          bring(lane, head, key_part, first, ${keys}u, 0u);
          bring(lane, head, value_part, first, ${keys}u, ${keys * quads}u);
          workgroupBarrier();
          for (var key = first; key < min(first + ${keys}u, own_end); key++) {
            let key_quads = (key - first) * ${quads}u;
            let value_quads = key_quads + ${keys * quads}u;
            var products = vec4f();
            ${each((i) => `products += query${i} * ${quad("key_quads", i)};`)}
            let score = dot(products, vec4f(1.0));
            if (score > largest) {
              let rescale = exp(largest - score);
              largest = score;
              sum_of_weights *= rescale;
              ${each((i) => `sum${i} *= rescale;`)}
            }
            let weight = exp(score - largest);
            sum_of_weights += weight;
            ${each((i) => `sum${i} += weight * ${quad("value_quads", i)};`)}
          }
        }
        workgroupBarrier();
        // Stored by way of the tile: neighbouring threads then write neighbouring numbers.
        ${each((i) => `${quad("own", i)} = sum${i} / sum_of_weights;`)}
        workgroupBarrier();
        for (var i = lane; i < (end - first_query) * params.width; i += ${queries}u) {
          let row = i / params.width;
          let column = i % params.width;
          let position = head.context * params.length + first_query + row;
          out_heads[(position * params.heads + head.number) * params.width + column] =
            tile[row * ${quads}u + column / 4u][column % 4u];
        }
      }
    `,
  };
});

/** Of a head: 128 numbers. */
export const mostQuads = 32;

export const causalAttentionWebGpu: readonly KernelVersion[] = [
  gpuVersion(causalAttentionName, (memory, inputs: CausalAttentionInputs, shape: AttentionShape) => {
    const { numContexts, contextLength: length, numHeads: heads } = shape;
    const [numRows, numColumns] = inputs.qkv_N3D.shape;
    const width = numColumns / 3 / heads;
    const quads = Math.ceil(width / 4);
    if (quads > mostQuads) return composedAttention(inputs, shape);
    const out_ND = memory.allocate([numRows, numColumns / 3], "float32");
    const groups = numContexts * heads * Math.ceil(length / queriesOf(quads));
    memory.run(attentionProgram(quads), {
      buffers: { qkv: inputs.qkv_N3D, out_heads: out_ND },
      params: { groups, length, heads, width, scale: 1 / Math.sqrt(width) },
      groups,
    });
    return out_ND;
  }),
];
