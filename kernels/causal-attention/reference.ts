/**
 * Causal attention composed of tfjs operations, all heads of all contexts in one batch.
 *
 * Shapes: C contexts, T positions, N = C T rows, H heads, d width of a head, D = H d.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import type { AttentionShape } from "../kernels.ts";
import { causalAttentionName, type CausalAttentionInputs } from "./contract.ts";

/** Added to the scores of later positions: their softmax is 0 in float32. */
const masked = -1e9;

export const causalAttentionReference: readonly KernelVersion[] = [
  referenceVersion(causalAttentionName, composedAttention),
];

/** Also what webgpu does with heads that are too wide for its own version. */
export function composedAttention({ qkv_N3D }: CausalAttentionInputs, shape: AttentionShape): tf.Tensor2D {
  const { numContexts: C, contextLength: T, numHeads: H } = shape;
  const D = qkv_N3D.shape[1] / 3;
  const [q, k, v] = tf.split(qkv_N3D, 3, 1).map((part) => tf.transpose(part.reshape([C, T, H, D / H]), [0, 2, 1, 3]));
  if (q === undefined || k === undefined || v === undefined) throw new RangeError("qkv was not split into three");
  const scores = tf.matMul(tf.mul(q, Math.sqrt(H / D)), k, false, true);
  const weights = tf.softmax(tf.add(scores, causalMask(T)));
  return tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]).reshape([C * T, D]);
}

/** [T, T]: 0 where the key is not later than the query. */
export function causalMask(T: number): tf.Tensor2D {
  const mask = new Float32Array(T * T);
  for (let query = 0; query < T; query++) mask.fill(masked, query * T + query + 1, (query + 1) * T);
  return tf.tensor2d(mask, [T, T]);
}
