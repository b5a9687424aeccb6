/**
 * The router of a Switch SAE: each row goes to the one expert that a linear softmax router finds most probable.
 *
 *   p = softmax(W_router (x - b_router)),   e* = argmax p (ties: lower index),   gate = p[e*]  (heaviside: 1)
 *
 * The gate multiplies the code, so the reconstruction's gradient reaches the router through p[e*] alone. With
 * heaviside gates only a load-balance loss trains the router.
 *
 * Shapes: B rows, D width, E experts, R = 1.
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { ParameterInit } from "../../core/model/contracts.ts";
import { oneHot } from "../../core/model/one-hot.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

const switchRouter = definePlugin({
  kind: "router",
  name: "switch",
  version: "1",
  summary: "Sends every row to its most probable expert; the probability multiplies the code.",
  paper: "Mudide et al. 2024 (arXiv 2410.08201), section 3",
  options: Type.Object({
    experts: Type.Integer({ minimum: 1, description: "Number of experts; model.features must be a multiple of it." }),
    gate: Type.Enum(["softmax", "heaviside"], {
      default: "softmax",
      description: "softmax: the code is multiplied by the router's probability. heaviside: by 1.",
    }),
    bias: Type.Enum(["shared", "separate", "none"], {
      default: "shared",
      description:
        "The vector subtracted from a row before routing. shared: the decoder's bias itself, which then receives both " +
        "updates (what the authors' code does). separate: starts there and trains on its own. none: nothing is subtracted.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ experts }) => ({ numExperts: experts, numSelected: 1 }),
  create: ({ experts, gate, bias }, { tf }) => ({
    initialise: ({ width }, rng) => {
      const stream = rng.stream("router");
      const bound = 1 / Math.sqrt(width);
      const values = Float32Array.from({ length: experts * width }, () => (2 * stream.uniform() - 1) * bound);
      const weight: ParameterInit = { shape: [experts, width], values };
      if (bias === "none") return { weight };
      const start = { shape: [width], values: new Float32Array(width) };
      return { weight, input_bias: { ...start, decoderBias: bias === "shared" ? "shared" : "copy" } };
    },
    route: (acts_BD, { weight, input_bias }) => {
      const centred_BD = input_bias === undefined ? acts_BD : tf.sub<tensorflow.Tensor2D>(acts_BD, input_bias);
      const weight_DE = tf.transpose(weight as tensorflow.Tensor2D);
      const probabilities_BE = tf.softmax<tensorflow.Tensor2D>(tf.matMul(centred_BD, weight_DE));
      const chosen_B = tf.argMax<tensorflow.Tensor1D>(probabilities_BE, 1);
      return {
        expertIndices_BR: tf.expandDims(chosen_B, 1),
        gates_BR:
          gate === "softmax"
            ? tf.sum(tf.mul(probabilities_BE, oneHot(tf, chosen_B, experts)), 1, true)
            : tf.ones([acts_BD.shape[0], 1]),
        probabilities_BE,
      };
    },
  }),
});

export { switchRouter as switch };
