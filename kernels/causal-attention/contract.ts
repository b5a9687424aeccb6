/**
 * Causal attention over contexts of one length, all heads at once, on projected queries, keys and values:
 *
 *   out_h = softmax(q_h k_h^T / sqrt(d) + mask) v_h,     mask: -infinity where the key is later than the query
 *
 * One kernel for what is eight operations in tfjs, with scores [C, H, T, T] between them. Not differentiable: language
 * models are read here and never trained.
 *
 * Shapes: C contexts, T positions, N = C T rows, H heads, d width of a head, D = H d.
 * @see Vaswani et al. 2017 (Attention Is All You Need), section 3.2
 */
import type * as tf from "@tensorflow/tfjs";
import { checkCount, checkTensor } from "../checks.ts";
import { KernelError } from "../kernel-error.ts";
import type { AttentionShape } from "../kernels.ts";
import { runKernel } from "../tape.ts";

export const causalAttentionName = "SwitchyardCausalAttention";

export type CausalAttentionInputs = { readonly qkv_N3D: tf.Tensor2D };

/** See `Kernels.causalAttention`. @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE, KERNEL_VALUE_RANGE */
export function causalAttention(qkv_N3D: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  const name = "causalAttention";
  const { numContexts, contextLength, numHeads } = shape;
  for (const [count, value] of Object.entries({ numContexts, contextLength, numHeads })) {
    checkCount(value, `${name}: ${count}`);
  }
  checkTensor(qkv_N3D, `${name}: qkv_N3D`, { shape: [numContexts * contextLength, undefined], dtype: "float32" });
  if (qkv_N3D.shape[1] % (3 * numHeads) !== 0) {
    throw new KernelError("KERNEL_SHAPE", "Queries, keys and values do not divide evenly over the heads.", {
      where: `${name}: qkv_N3D`,
      expected: `a width that 3 times ${numHeads} heads divides`,
      received: String(qkv_N3D.shape[1]),
    });
  }
  const attrs = { numContexts, contextLength, numHeads };
  return runKernel(causalAttentionName, { differentiable: { qkv_N3D }, attrs }) as tf.Tensor2D;
}
