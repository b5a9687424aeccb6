/**
 * No routing: every row sees the whole dictionary, as in a plain sparse autoencoder.
 *
 *   e* = 0,   gate = 1,   so that x_hat = W_dec f(W_enc (x - b_dec)) + b_dec
 *
 * Shapes: B rows, E = 1 expert, R = 1.
 * @see Gao et al. 2024 (arXiv 2406.04093), section 2; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const none = definePlugin({
  kind: "router",
  name: "none",
  version: "1",
  summary: "Sends every row to the one expert that holds the whole dictionary.",
  options: Type.Object({
    experts: Type.Literal(1, {
      default: 1,
      description: "Always 1; present so that a sweep can name the number of experts of every router alike.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  facts: () => ({ numExperts: 1, numSelected: 1 }),
  create: (_options, { tf }) => ({
    initialise: () => ({}),
    route: (acts_BD) => ({
      expertIndices_BR: tf.zeros<tensorflow.Rank.R2>([acts_BD.shape[0], 1], "int32"),
      gates_BR: tf.ones<tensorflow.Rank.R2>([acts_BD.shape[0], 1]),
    }),
  }),
});
