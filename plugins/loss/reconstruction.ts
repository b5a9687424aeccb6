/**
 * Error of the reconstruction, in one of three forms.
 *
 *   sum          L = mean over rows of ||x - x_hat||^2                     (sum over the D dimensions; the paper's)
 *   mean         L = sum / D
 *   normalised   L = sum over rows of ||x - x_hat||^2 / sum over rows of ||x - mean(x)||^2      (the batch's FVU)
 *
 * An expert with nested prefixes (matryoshka-batch-top-k) has L = sum_g weight_g * (the form, of the reconstruction
 * from the features of prefix g). No gradient flows through the denominator, which is data.
 *
 * Shapes: B rows, D width, M features an expert, K active features a row, R experts a row.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; amudide/switch_sae trainers/switch.py (l2_loss)
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { Code, ModelShape, NestedPrefix } from "../../core/model/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, tensorFlowRef } from "../../core/services.ts";
import type { LossInput } from "../../core/training/contracts.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";
import { detach } from "../../kernels/detach.ts";

/** Below this a batch has no variance to normalise by: all of its rows are alike. */
const smallestVariance = 1e-12;

export const reconstruction = definePlugin({
  kind: "loss",
  name: "reconstruction",
  version: "1",
  summary: "Squared error, summed over the dimensions of an activation and averaged over rows.",
  options: Type.Object({
    ...weightOptions(
      Type.Number({ minimum: 0, default: 1, description: "What the error is multiplied by in the total loss." }),
    ),
    form: Type.Enum(["sum", "mean", "normalised"], {
      default: "sum",
      description:
        "sum: summed over the dimensions (the paper). mean: averaged over them. normalised: the fraction of the " +
        "batch's variance that is not explained.",
      "x-hash": "unless-default",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef },
  create: (options, { tf, kernels }) => {
    const scaled = (error: tensorflow.Scalar, acts_BD: tensorflow.Tensor2D): tensorflow.Scalar => {
      if (options.form === "sum") return error;
      if (options.form === "mean") return tf.div(error, acts_BD.shape[1]);
      return tf.div(error, varianceOf(tf, acts_BD));
    };
    return {
      weight: scheduledWeight(options),
      compute: (input) => {
        const { acts_BD, reconstruction_BD, code } = input;
        const error =
          code.prefixes === undefined
            ? kernels.squaredError(reconstruction_BD, acts_BD)
            : nestedError(tf, input, code.prefixes, (prefix_BD) => kernels.squaredError(prefix_BD, acts_BD));
        return scaled(error, acts_BD);
      },
    };
  },
});

/** Mean over rows of ||x - mean(x)||^2, a constant. */
function varianceOf(tf: typeof tensorflow, acts_BD: tensorflow.Tensor2D): tensorflow.Scalar {
  const rows_BD = detach(tf, acts_BD);
  const centred_BD = tf.sub(rows_BD, tf.mean(rows_BD, 0, true));
  return tf.maximum(tf.mean(tf.sum(tf.square(centred_BD), 1)), smallestVariance);
}

/** Each prefix adds the part of its own features to the reconstruction of the one before. */
function nestedError(
  tf: typeof tensorflow,
  { code, shape, decode }: LossInput,
  prefixes: readonly NestedPrefix[],
  errorOf: (reconstruction_BD: tensorflow.Tensor2D) => tensorflow.Scalar,
): tensorflow.Scalar {
  let reconstruction_BD: tensorflow.Tensor2D | undefined;
  let total: tensorflow.Scalar = tf.scalar(0);
  let start = 0;
  for (const { featuresPerExpert: end, weight } of prefixes) {
    const part_BD = decode(within(tf, code, shape, [start, end]), { bias: reconstruction_BD === undefined });
    reconstruction_BD = reconstruction_BD === undefined ? part_BD : tf.add(reconstruction_BD, part_BD);
    total = tf.add(total, tf.mul(errorOf(reconstruction_BD), weight));
    start = end;
  }
  return total;
}

/** The code with zeros for features whose place in their expert is not in [start, end). */
function within(
  tf: typeof tensorflow,
  code: Code,
  { featuresPerExpert }: ModelShape,
  [start, end]: readonly [number, number],
): Code {
  const isInside = (place: number): number => (place >= start && place < end ? 1 : 0);
  if (code.kind === "block") {
    const inside_M = tf.tensor1d(Array.from({ length: featuresPerExpert }, (_unused, place) => isInside(place)));
    return { ...code, values_BRM: tf.mul(code.values_BRM, inside_M) };
  }
  const features = code.indices_BK.dataSync<"int32">();
  const inside = Float32Array.from(features, (feature) => isInside(feature % featuresPerExpert));
  const inside_BK = tf.tensor2d(inside, code.indices_BK.shape);
  return { ...code, values_BK: tf.mul(code.values_BK, inside_BK) };
}
