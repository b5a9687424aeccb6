/**
 * Pushes the decoder rows of different experts apart. Rows that are routed to one expert only see its features, so each
 * expert tends to learn for itself what all of them need: the same feature many times over. This loss makes that cost
 * something.
 *
 *   L = mean over pairs (i, j) of features of different experts of max(0, |cos(d_i, d_j)| - margin)^2
 *
 * The pairs are those of a sample: m = `rowsPerExpert` features of each expert, drawn anew at every step from the run's
 * seed and the step, so that a resumed run draws the same. With margin 0 the value is an unbiased estimate of the mean
 * squared cosine over all pairs of the dictionary. Pairs inside an expert do not count; with one expert the value is 0.
 *
 * Cost: S = E * m rows, one [S, S] matrix of cosines, 2 S^2 D flops forward and 4 S^2 D backward; never [F, F]. With
 * E = 16, m = 16, D = 768 that is 0.3 GFLOP a step, and a few MB. A second gradient of the decoder beside that of the
 * reconstruction is added to it in memory, two passes over [F, D], where the native device otherwise forms neither.
 *
 * Shapes: D width, F features, E experts, M = F/E features an expert, S rows of the sample.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 5 (duplicated features); docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { ModelShape } from "../../core/model/contracts.ts";
import type { RandomStream } from "../../core/model/rng.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef, rngRef, tensorFlowRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";

/** A zero row has no direction, and its square root no gradient. */
const smallestSquaredNorm = 1e-30;

export const decoderOrthogonality = definePlugin({
  kind: "loss",
  name: "decoder-orthogonality",
  version: "1",
  summary: "Penalises decoder rows of one expert that point where those of another do.",
  options: Type.Object({
    ...weightOptions(
      Type.Number({ minimum: 0, description: "What the mean squared cosine is multiplied by in the total loss." }),
    ),
    rowsPerExpert: Type.Integer({
      minimum: 1,
      default: 16,
      description: "Features of each expert that are compared at a step; all of them where an expert has fewer.",
    }),
    margin: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      description: "Cosines up to this size cost nothing; beyond it the excess is squared.",
    }),
  }),
  deps: { tf: tensorFlowRef, kernels: kernelsRef, rng: rngRef },
  create: ({ rowsPerExpert, margin, ...options }, { tf, kernels, rng }) => ({
    weight: scheduledWeight(options),
    compute: ({ decoder_FD, shape, training }) => {
      const { experts, featuresPerExpert } = shape;
      if (experts === 1) return tf.scalar(0);
      const perExpert = Math.min(rowsPerExpert, featuresPerExpert);
      const size = experts * perExpert;
      const sample = drawSample(shape, perExpert, rng.stream(`decoder-orthogonality ${training.step}`));
      // A gather whose gradient touches the sampled rows only.
      const sample_S1 = tf.tensor2d(sample, [size, 1], "int32");
      const rows_SD = kernels.sparseDecode(sample_S1, tf.ones<tensorflow.Rank.R2>([size, 1]), decoder_FD);
      const squaredNorms_S1 = tf.maximum(tf.sum(tf.square(rows_SD), 1, true), smallestSquaredNorm);
      const units_SD = tf.div<tensorflow.Tensor2D>(rows_SD, tf.sqrt(squaredNorms_S1));
      const cosines_SS = tf.matMul(units_SD, units_SD, false, true);
      const excess_SS = margin === 0 ? cosines_SS : tf.relu(tf.sub(tf.abs(cosines_SS), margin));
      const counted_SS = tf.tensor2d(isBetweenExperts(size, perExpert), [size, size]);
      const numPairs = size * (size - perExpert);
      return tf.div<tensorflow.Scalar>(tf.sum(tf.mul(tf.square(excess_SS), counted_SS)), numPairs);
    },
  }),
});

/** Different features of each expert, expert by expert, every subset equally likely (Floyd's algorithm). */
function drawSample({ experts, featuresPerExpert }: ModelShape, perExpert: number, stream: RandomStream): Int32Array {
  const sample = Array.from({ length: experts }, (_unused, expert) => {
    const places = new Set<number>();
    for (let last = featuresPerExpert - perExpert; last < featuresPerExpert; last++) {
      const drawn = stream.integer(last + 1);
      places.add(places.has(drawn) ? last : drawn);
    }
    return Array.from(places, (place) => expert * featuresPerExpert + place);
  });
  return Int32Array.from(sample.flat());
}

/** [S, S] row-major: 1 where row and column are of different experts, else 0. */
function isBetweenExperts(size: number, perExpert: number): Float32Array {
  const counted = new Float32Array(size * size).fill(1);
  for (let row = 0; row < size; row++) {
    const ownStart = row * size + row - (row % perExpert);
    counted.fill(0, ownStart, ownStart + perExpert);
  }
  return counted;
}
