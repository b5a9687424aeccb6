/**
 * Sends each row to the expert that a linear softmax router finds most probable. Say here what yours does, and why.
 *
 *   p = softmax(W x),   expert = argmax p,   gate = p[expert]
 *
 * Shapes: B rows, D width, E experts, R = 1 expert a row.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { definePlugin, tensorFlowRef, Type } from "../../index.ts";

export const exampleRouter = definePlugin({
  kind: "router",
  name: "example-router",
  version: "1",
  summary: "Sends every row to its most probable expert.",
  options: Type.Object({
    experts: Type.Integer({ minimum: 1, description: "Number of experts; model.features must be a multiple of it." }),
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts }) => ({ numExperts: experts, numSelected: 1 }),
  create: ({ experts }, { tf }) => ({
    initialise: ({ width }, rng) => {
      const stream = rng.stream("example-router");
      const bound = 1 / Math.sqrt(width);
      const values = Float32Array.from({ length: experts * width }, () => (2 * stream.uniform() - 1) * bound);
      return { weight: { shape: [experts, width], values } };
    },
    route: (acts_BD, { weight }) => {
      const weight_DE = tf.transpose(weight as tensorflow.Tensor2D);
      const probabilities_BE = tf.softmax<tensorflow.Tensor2D>(tf.matMul(acts_BD, weight_DE));
      const expert_B = tf.argMax<tensorflow.Tensor1D>(probabilities_BE, 1);
      return {
        expertIndices_BR: tf.expandDims(expert_B, 1),
        gates_BR: tf.max(probabilities_BE, 1, true),
        probabilities_BE,
      };
    },
  }),
});
