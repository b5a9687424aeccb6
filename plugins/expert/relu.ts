/**
 * Every positive pre-activation of the routed experts is active; an `l1` loss is what makes the code sparse.
 *
 *   f = gate * ReLU(W_enc (x - b_dec) + b_enc)
 *
 * @see Bricken et al. 2023 (Towards Monosemanticity); docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const relu = definePlugin({
  kind: "expert",
  name: "relu",
  version: "1",
  summary: "Keeps every positive activation; use it with the l1 loss.",
  paper: "Bricken et al. 2023, Towards Monosemanticity",
  options: Type.Object({}),
  deps: { tf: tensorFlowRef },
  facts: () => ({}),
  create: (_options, { tf }) => ({
    encode: (context) => context.block(tf.relu<tensorflow.Tensor3D>(context.preactivations())),
  }),
});
