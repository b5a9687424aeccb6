/**
 * Causal attention over typed arrays: the heads are cut out in JavaScript and multiplied one by one. tfjs' wasm
 * multiplies batches in a plain loop, and cuts slices element by element (4.22.0).
 *
 * Shapes: C contexts, T positions, N = C T rows, H heads, d width of a head, D = H d.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import * as tf from "@tensorflow/tfjs";
import type { HostMemory } from "../host-memory.ts";
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import type { AttentionShape } from "../kernels.ts";
import { causalAttentionName, type CausalAttentionInputs } from "./contract.ts";
import { causalMask } from "./reference.ts";

export const causalAttentionHost: readonly KernelVersion[] = [
  hostVersion(causalAttentionName, (memory, { qkv_N3D }: CausalAttentionInputs, shape: AttentionShape) => {
    const { numContexts: C, contextLength: T, numHeads: H } = shape;
    const D = qkv_N3D.shape[1] / 3;
    const mask_TT = causalMask(T);
    const out_ND = memory.allocate([C * T, D], "float32");
    for (let context = 0; context < C; context++) {
      for (let head = 0; head < H; head++) {
        const place = { firstRow: context * T, firstColumn: (head * D) / H };
        tf.tidy(() => {
          const [q_Td, k_dT, v_Td] = cutHead(memory, qkv_N3D, { ...place, T, d: D / H });
          const weights_TT = tf.softmax(tf.add<tf.Tensor2D>(memory.matMul(q_Td, k_dT), mask_TT));
          pasteHead(memory, memory.matMul(weights_TT, v_Td), out_ND, place);
        });
      }
    }
    return out_ND;
  }),
];

/** Where a head's numbers begin, among rows of queries, keys or values. */
interface HeadPlace {
  readonly firstRow: number;
  readonly firstColumn: number;
}

/** @returns Queries times 1 / sqrt(d), keys transposed, and values, in memory of their own. */
function cutHead(
  memory: HostMemory,
  qkv_N3D: tf.Tensor2D,
  { firstRow, firstColumn, T, d }: HeadPlace & { readonly T: number; readonly d: number },
): readonly [q_Td: tf.Tensor2D, k_dT: tf.Tensor2D, v_Td: tf.Tensor2D] {
  const allocate = (shape: readonly [number, number]): tf.Tensor2D => memory.allocate(shape, "float32") as tf.Tensor2D;
  const heads = [allocate([T, d]), allocate([d, T]), allocate([T, d])] as const;
  const [q, k, v] = [memory.floats(heads[0]), memory.floats(heads[1]), memory.floats(heads[2])];
  const from = memory.floats(qkv_N3D);
  const width = qkv_N3D.shape[1];
  const scale = 1 / Math.sqrt(d);
  for (let t = 0; t < T; t++) {
    const start = (firstRow + t) * width + firstColumn;
    for (let i = 0; i < d; i++) {
      q[t * d + i] = from[start + i]! * scale;
      k[i * T + t] = from[start + width / 3 + i]!;
      v[t * d + i] = from[start + (2 * width) / 3 + i]!;
    }
  }
  return heads;
}

function pasteHead(
  memory: HostMemory,
  head_Td: tf.Tensor2D,
  out_ND: tf.Tensor,
  { firstRow, firstColumn }: HeadPlace,
): void {
  const [T, d] = head_Td.shape;
  const [from, to] = [memory.floats(head_Td), memory.floats(out_ND)];
  const D = out_ND.shape[1]!;
  for (let t = 0; t < T; t++) to.set(from.subarray(t * d, (t + 1) * d), (firstRow + t) * D + firstColumn);
}
