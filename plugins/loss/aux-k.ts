/**
 * Keeps features alive: those that are dead reconstruct, k of them a row, what the others left over.
 *
 *   e     = x - x_hat                              detached: the loss trains dead features only
 *   z     = the auxK largest gate * ReLU(pre-activation) among dead features of the row's experts
 *   L     = mean over rows of ||e - z W_dec||^2 / mean over rows of ||e - mean(e)||^2        (no bias; 0 if none is dead)
 *
 * `form: as-published` is what amudide/switch_sae computes, for reproduction, faults included: e = x_hat - x, not
 * detached, so dead features fit the negative residual; the decoder's bias is added to their reconstruction; and
 *
 *   L     = min(1, dead / auxK) * mean over rows and dimensions of (z W_dec + b_dec - e)^2 / sum over rows of (x - mean(x))^2
 *
 * With auxK above the number of dead features of a row's experts, all of them are taken.
 *
 * Shapes: B rows, D width, F features.
 * @see Gao et al. 2024 (arXiv 2406.04093), appendix A.2 and B.1; amudide/switch_sae trainers/top_k.py; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, shapeRef, tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";
import { detach } from "../../kernels/detach.ts";

/** A residual that is constant over a batch, or gone, leaves nothing to normalise by. */
const smallestVariance = 1e-30;

export const auxK = definePlugin({
  kind: "loss",
  name: "aux-k",
  version: "1",
  summary: "Lets dead features reconstruct what the living ones leave over.",
  paper: "Gao et al. 2024 (arXiv 2406.04093), appendix A.2",
  options: Type.Object({
    ...weightOptions(
      Type.Number({ minimum: 0, default: 1 / 32, description: "What the value is multiplied by in the total loss." }),
    ),
    k: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
      default: null,
      description: "Dead features of a row that reconstruct; null: half the width of an activation.",
    }),
    form: Type.Enum(["correct", "as-published"], {
      default: "correct",
      description: "as-published: as the paper's code computes it, whose gradient is next to none.",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef, shape: shapeRef },
  create: ({ k, form, ...options }, { tf, kernels, shape }) => {
    const wanted = k ?? Math.max(1, Math.floor(shape.width / 2));
    const count = Math.min(wanted, shape.selectedExperts * shape.featuresPerExpert);
    return {
      weight: scheduledWeight(options),
      compute: ({ acts_BD, reconstruction_BD, dead_F, topKAmong, decode }) => {
        if (dead_F === undefined) return tf.scalar(0);
        const numDead = tf.sum(dead_F);
        const code = topKAmong(count, dead_F);
        if (form === "as-published") {
          const error_BD = tf.sub(reconstruction_BD, acts_BD);
          const scale = tf.minimum(tf.div(numDead, wanted), 1);
          const variance_D = tf.sum(tf.square(tf.sub(acts_BD, tf.mean(acts_BD, 0, true))), 0);
          const squares_BD = tf.square(tf.sub(decode(code), error_BD));
          return tf.mul(scale, tf.mean(tf.div(squares_BD, tf.maximum(variance_D, smallestVariance))));
        }
        const residual_BD = tf.sub<tensorflow.Tensor2D>(detach(tf, acts_BD), detach(tf, reconstruction_BD));
        const error = kernels.squaredError(decode(code, { bias: false }), residual_BD);
        const centred_BD = tf.sub(residual_BD, tf.mean(residual_BD, 0, true));
        const variance = tf.mean(tf.sum(tf.square(centred_BD), 1));
        // Where nothing is dead, or nothing left over, the value is 0 and has no gradient.
        const isAsked = tf.mul(tf.step(numDead), tf.step(variance));
        return tf.mul(isAsked, tf.div(error, tf.maximum(variance, smallestVariance)));
      },
    };
  },
});
