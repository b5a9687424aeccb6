/**
 * A control: routes by what a row contains, with nothing learnt. Rows that point in similar directions go to the same
 * expert, always the same one.
 *
 *   e* = argmax_e u_e . (x - b) (ties: lower index),   gate 1
 *   u_e   E directions, independent and uniform on the unit sphere, drawn from the run's seed
 *   b     where the decoder's bias starts (the geometric median of the first rows, unless the model says otherwise)
 *
 * u and b are buffers: training never changes them, checkpoints hold them. It is the locality-sensitive hash of
 * cross-polytope hashing with two simplifications: directions are drawn freely instead of being the axes of a rotated
 * space, and their negatives are no buckets of their own, so there may be any number of experts, more than D too.
 * There are no probabilities, so a load-balance loss is 0.
 *
 * Shapes: B rows, D width, E experts, R = 1 expert a row.
 * @see Andoni et al. 2015 (arXiv 1509.02897), section 3; Roller et al. 2021 (arXiv 2106.04426); docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { linearScores } from "../../core/model/linear-router.ts";
import { expertsOption } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const hash = definePlugin({
  kind: "router",
  name: "hash",
  version: "1",
  summary: "A control: sends every row to the nearest of fixed random directions; nothing is learnt.",
  paper: "Andoni et al. 2015 (arXiv 1509.02897), section 3, simplified",
  options: Type.Object({ experts: expertsOption }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts }) => ({ numExperts: experts, numSelected: 1, scores: experts, trainedScores: 0 }),
  create: ({ experts }, { tf }) => ({
    initialise: ({ width }, rng) => {
      const stream = rng.stream("router directions");
      const directions = Array.from({ length: experts }, () =>
        unit(Array.from({ length: width }, () => stream.normal())),
      );
      return {
        directions: { shape: [experts, width], values: Float32Array.from(directions.flat()), trainable: false },
        centre: { shape: [width], values: new Float32Array(width), decoderBias: "copy", trainable: false },
      };
    },
    route: (acts_BD, { directions, centre }) => {
      const named = { weight: directions as tensorflow.Tensor, input_bias: centre as tensorflow.Tensor };
      const nearest_B = tf.argMax<tensorflow.Tensor1D>(linearScores(tf, acts_BD, named), 1);
      return {
        expertIndices_BR: tf.expandDims<tensorflow.Tensor2D>(nearest_B, 1),
        gates_BR: tf.ones<tensorflow.Rank.R2>([acts_BD.shape[0], 1]),
      };
    },
  }),
});

function unit(vector: readonly number[]): readonly number[] {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
