/**
 * Causal multi-head attention over contexts of one length, on projected queries, keys and values.
 *
 *   out_h = softmax(q_h k_h^T / sqrt(d) + mask) v_h
 *
 * Two ways to the same numbers. Most devices take one batched product. On wasm that is fifteen times slower than
 * single products (tfjs 4.22.0 multiplies batches in a plain loop, and cuts slices element by element), so there the
 * heads are cut in JavaScript and multiplied one by one.
 *
 * Shapes: C contexts, T positions, N = C T, D width, H heads, d = D/H.
 */
import type * as tf from "@tensorflow/tfjs";

export interface AttentionShape {
  /** C */
  readonly numContexts: number;
  /** T */
  readonly contextLength: number;
  /** H */
  readonly numHeads: number;
}

/** Added to the scores of later positions: their softmax is 0 in float32. */
const masked = -1e9;

/**
 * @param qkv_N3D Queries, keys and values side by side, heads within each.
 * @returns [N, D], heads side by side. Runs inside a tidy.
 */
export function attend(tensorFlow: typeof tf, qkv_N3D: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  return tensorFlow.getBackend() === "wasm"
    ? attendHeadByHead(tensorFlow, qkv_N3D, shape)
    : attendBatched(tensorFlow, qkv_N3D, shape);
}

export function attendBatched(tensorFlow: typeof tf, qkv_N3D: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  const { numContexts: C, contextLength: T, numHeads: H } = shape;
  const D = qkv_N3D.shape[1] / 3;
  const [q, k, v] = tensorFlow
    .split(qkv_N3D, 3, 1)
    .map((part) => tensorFlow.transpose(part.reshape([C, T, H, D / H]), [0, 2, 1, 3]));
  if (q === undefined || k === undefined || v === undefined) throw new RangeError("qkv was not split into three");
  const scores = tensorFlow.mul(tensorFlow.matMul(q, k, false, true), Math.sqrt(H / D));
  const weights = tensorFlow.softmax(tensorFlow.add(scores, causalMask(tensorFlow, T)));
  const out = tensorFlow.transpose(tensorFlow.matMul(weights, v), [0, 2, 1, 3]);
  return out.reshape([C * T, D]);
}

export function attendHeadByHead(tensorFlow: typeof tf, qkv_N3D: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  const { numContexts: C, contextLength: T, numHeads: H } = shape;
  const D = qkv_N3D.shape[1] / 3;
  const d = D / H;
  const qkv = qkv_N3D.dataSync<"float32">();
  const merged = new Float32Array(C * T * D);
  const mask = causalMask(tensorFlow, T);
  for (let context = 0; context < C; context++) {
    for (let head = 0; head < H; head++) {
      const offset = context * T * 3 * D + head * d;
      const out = tensorFlow.tidy(() => {
        const q = tensorFlow.tensor2d(copyHead(qkv, offset, { T, d, stride: 3 * D, scale: 1 / Math.sqrt(d) }), [T, d]);
        const k = tensorFlow.tensor2d(copyHeadTransposed(qkv, offset + D, { T, d, stride: 3 * D }), [d, T]);
        const v = tensorFlow.tensor2d(copyHead(qkv, offset + 2 * D, { T, d, stride: 3 * D, scale: 1 }), [T, d]);
        const weights = tensorFlow.softmax(tensorFlow.add(tensorFlow.matMul(q, k), mask));
        return tensorFlow.matMul(weights, v);
      });
      // Read outside the tidy, which would visit every number of an array that it returns (tfjs 4.22.0).
      const values = out.dataSync<"float32">();
      out.dispose();
      const target = context * T * D + head * d;
      for (let t = 0; t < T; t++) merged.set(values.subarray(t * d, (t + 1) * d), target + t * D);
    }
  }
  return tensorFlow.tensor2d(merged, [C * T, D]);
}

interface HeadLayout {
  readonly T: number;
  readonly d: number;
  /** Numbers from one position to the next. */
  readonly stride: number;
}

function copyHead(from: Float32Array, offset: number, layout: HeadLayout & { readonly scale: number }): Float32Array {
  const { T, d, stride, scale } = layout;
  const head = new Float32Array(T * d);
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < d; i++) head[t * d + i] = (from[offset + t * stride + i] ?? 0) * scale;
  }
  return head;
}

function copyHeadTransposed(from: Float32Array, offset: number, { T, d, stride }: HeadLayout): Float32Array {
  const head = new Float32Array(T * d);
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < d; i++) head[i * T + t] = from[offset + t * stride + i] ?? 0;
  }
  return head;
}

/** [T, T]: 0 where the key is not later than the query. */
function causalMask(tensorFlow: typeof tf, T: number): tf.Tensor2D {
  const mask = new Float32Array(T * T);
  for (let query = 0; query < T; query++) mask.fill(masked, query * T + query + 1, (query + 1) * T);
  return tensorFlow.tensor2d(mask, [T, T]);
}
