/**
 * Makes a ReLU code sparse.
 *
 *   L = mean over rows of sum_f |f| * ||decoder_f||
 *
 * Weighted by the decoder's norms, so that a model cannot escape it by shrinking codes and growing decoder rows. Of a
 * gated expert f is the gate's own code, ReLU(pi_gate): the magnitudes are not to be shrunk.
 *
 * Shapes: B rows, F features, E experts, M = F/E features an expert, R experts a row, K active features a row.
 * @see Conerly et al. 2024, Update on how we train SAEs; amudide/switch_sae trainers/standard_new.py; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { Code, ModelShape } from "../../core/model/contracts.ts";
import { rowsOfExperts } from "../../core/model/encode-context.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";
import type { Kernels } from "../../kernels/kernels.ts";

/** Smallest squared norm: the square root has no gradient at a zero row. */
const smallestSquaredNorm = 1e-30;

export const l1 = definePlugin({
  kind: "loss",
  name: "l1",
  version: "1",
  summary: "Sum of a row's activations, each weighted by the norm of its decoder row.",
  paper: "Conerly et al. 2024, Update on how we train SAEs (Anthropic, April)",
  options: Type.Object({
    ...weightOptions(
      Type.Number({ minimum: 0, description: "What the sum is multiplied by in the total loss, after warm-up." }),
    ),
    decoderNormWeighted: Type.Boolean({
      default: true,
      description: "Whether an activation is multiplied by the norm of its decoder row.",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef },
  create: ({ decoderNormWeighted, ...options }, { tf, kernels }) => ({
    weight: scheduledWeight(options),
    compute: ({ code: encoding, decoder_FD, shape }) => {
      const code = encoding.gateCode ?? encoding;
      const values = tf.abs<tensorflow.Tensor>(code.kind === "sparse" ? code.values_BK : code.values_BRM);
      const costs = decoderNormWeighted
        ? tf.mul(values, normsOfCode({ tf, kernels, code, decoder_FD, shape }))
        : values;
      return tf.div<tensorflow.Scalar>(tf.sum(costs), values.shape[0]);
    },
  }),
});

interface NormsInput {
  readonly tf: typeof tensorflow;
  readonly kernels: Kernels;
  readonly code: Code;
  readonly decoder_FD: tensorflow.Tensor2D;
  readonly shape: ModelShape;
}

/** Norm of the decoder row of every value of the code; broadcastable to its shape. */
function normsOfCode({ tf, kernels, code, decoder_FD, shape }: NormsInput): tensorflow.Tensor {
  const squares_F = tf.sum<tensorflow.Tensor1D>(tf.square(decoder_FD), 1);
  const norms_F = tf.sqrt<tensorflow.Tensor1D>(tf.maximum(squares_F, smallestSquaredNorm));
  if (code.kind === "sparse") {
    // A gather whose gradient costs what it should: the dot product of one-wide rows with 1.
    const ones_B1 = tf.ones<tensorflow.Rank.R2>([code.indices_BK.shape[0], 1]);
    return kernels.sparseGatherDot(code.indices_BK, tf.expandDims(norms_F, 1), ones_B1);
  }
  const norms_EM = tf.reshape<tensorflow.Rank.R2>(norms_F, [shape.experts, shape.featuresPerExpert]);
  return rowsOfExperts(tf, norms_EM, code.expertIndices_BR);
}
