/**
 * Keeps what a pre-activation has above a threshold. Say here what yours does, and why.
 *
 *   f = ReLU(pre-activation - threshold)
 *
 * Shapes: B rows, R experts a row, M features an expert.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { definePlugin, tensorFlowRef, Type } from "../../index.ts";

export const exampleExpert = definePlugin({
  kind: "expert",
  name: "example-expert",
  version: "1",
  summary: "Keeps the part of each pre-activation that lies above a threshold.",
  options: Type.Object({
    threshold: Type.Number({ default: 0.1, minimum: 0, description: "Pre-activations up to this are dropped." }),
  }),
  deps: { tf: tensorFlowRef },
  // { activeFeatures: k } where a row never has more than k active features.
  facts: () => ({}),
  create: ({ threshold }, { tf }) => ({
    encode: (context) => {
      const preactivations_BRM = context.preactivations();
      return context.block(tf.relu<tensorflow.Tensor3D>(tf.sub(preactivations_BRM, threshold)));
    },
  }),
});
