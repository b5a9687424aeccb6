/**
 * The numerical ground floor as its users see it: every operation with its contract. Each one is a tfjs kernel,
 * registered per backend, so that autodiff finds the version of the device; see the folder of the operation.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features a
 * row. Expert e owns rows [e*M, (e+1)*M) of every [F, D] matrix. Index tensors are int32. Of attention: C contexts, T
 * positions, N = C T rows, H heads, d width of a head, D = H d.
 */
import type * as tf from "@tensorflow/tfjs";

export interface EncodeTopKInput {
  /** Already centred by the decoder's bias where the model does that. */
  readonly acts_BD: tf.Tensor2D;
  readonly encoder_FD: tf.Tensor2D;
  readonly encoderBias_F?: tf.Tensor1D;
  readonly expertIndices_BR: tf.Tensor2D;
  /** Non-negative; orders the features of different experts (not read when R is 1). No gradient flows into it here. */
  readonly gates_BR: tf.Tensor2D;
  readonly numExperts: number;
  readonly k: number;
}

export interface EncodeTopKOutput {
  /** int32 [B, K], ascending in a row, all different. */
  readonly indices_BK: tf.Tensor2D;
  /** [B, K] ReLU(pre-activation), gate NOT applied; differentiable in acts, encoder and bias where positive. */
  readonly values_BK: tf.Tensor2D;
  /** int32 [B, K]: which r of R the feature's expert is, for gathering the gate. */
  readonly slots_BK: tf.Tensor2D;
}

export interface AdamHyperparameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Counted from 1, for the bias correction. */
  readonly step: number;
  /**
   * The parameter is a matrix whose rows keep their norm: the gradient first loses its component along each row, as
   * by `removeParallelComponent`.
   */
  readonly acrossRows?: boolean;
  /** The gradient is multiplied by it: clipping that needs no scaled copy, and no reading of the factor. */
  readonly gradientScale?: tf.Scalar;
}

/** Contexts of one length, one after the other, and the heads that attend within each. */
export interface AttentionShape {
  /** C */
  readonly numContexts: number;
  /** T */
  readonly contextLength: number;
  /** H */
  readonly numHeads: number;
}

export interface Kernels {
  /** out[b, r, :] = W_e acts[b] with e = expertIndices[b, r] and W_e = weights[e*M .. (e+1)*M]. Differentiable in both. */
  groupedEncode(
    acts_BD: tf.Tensor2D,
    weights_FD: tf.Tensor2D,
    expertIndices_BR: tf.Tensor2D,
    numExperts: number,
  ): tf.Tensor3D;
  /** out[b, :] = sum over r of values[b, r, :] W_e. Differentiable in both. */
  groupedDecode(
    values_BRM: tf.Tensor3D,
    weights_FD: tf.Tensor2D,
    expertIndices_BR: tf.Tensor2D,
    numExperts: number,
  ): tf.Tensor2D;
  /**
   * For every row, the k largest gate * ReLU(pre-activation) over the row's routed blocks. Ties go to the lower
   * index; rows with fewer than k positive entries get the lowest-index zeros of their blocks. 1 <= k <= R*M.
   */
  encodeTopK(input: EncodeTopKInput): EncodeTopKOutput;
  /** out[b] = sum over k of values[b, k] * decoder[indices[b, k]]. Differentiable in values and decoder. */
  sparseDecode(indices_BK: tf.Tensor2D, values_BK: tf.Tensor2D, decoder_FD: tf.Tensor2D): tf.Tensor2D;
  /** out[b, k] = rows[b] . weights[indices[b, k]]. Differentiable in weights and rows. */
  sparseGatherDot(indices_BK: tf.Tensor2D, weights_FD: tf.Tensor2D, rows_BD: tf.Tensor2D): tf.Tensor2D;
  /**
   * out[f] = sum over (b, k) with indices[b, k] = f of coefficients[b, k] * rows[b], added in ascending b: the same
   * bits every time.
   */
  rowSparseAccumulate(
    indices_BK: tf.Tensor2D,
    coefficients_BK: tf.Tensor2D,
    rows_BD: tf.Tensor2D,
    numFeatures: number,
  ): tf.Tensor2D;
  /**
   * One Adam update in place (Kingma and Ba 2015, algorithm 1, PyTorch's placement of epsilon):
   *   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps)
   */
  adamStep(
    parameter: tf.Variable,
    gradient: tf.Tensor,
    moments: { readonly first: tf.Variable; readonly second: tf.Variable },
    hyperparameters: AdamHyperparameters,
  ): void;
  /** Divides every row by its norm, in place; a zero row stays zero. */
  normaliseRows(matrix_FD: tf.Variable): void;
  /** gradient - (gradient . u) u for every row, with u the row of `matrix_FD` divided by its norm. */
  removeParallelComponent(gradient_FD: tf.Tensor2D, matrix_FD: tf.Tensor2D): tf.Tensor2D;
  /** Mean over rows of ||prediction - target||^2, the sum over the width. Differentiable in both. */
  squaredError(prediction_BD: tf.Tensor2D, target_BD: tf.Tensor2D): tf.Scalar;
  /**
   * Every head's causal attention: out_h = softmax(q_h k_h^T / sqrt(d) + mask) v_h, where no position sees a later one.
   * Not differentiable.
   * @param qkv_N3D Queries, keys and values side by side [C T, 3 H d], heads within each.
   * @returns [N, D], heads side by side.
   */
  causalAttention(qkv_N3D: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D;
  /** Square root of the sum of squares over all tensors, accumulated in float64 where the device allows. */
  globalNorm(tensors: readonly tf.Tensor[]): number;
  /** The same as a scalar on the device, in float32, without waiting for it. */
  globalNormScalar(tensors: readonly tf.Tensor[]): tf.Scalar;
}
