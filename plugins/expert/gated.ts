/**
 * Decides by one half of the expert whether a feature is active, and by the other how much: a penalty on the gate
 * then cannot shrink the magnitudes.
 *
 *   pi_gate = W_enc (x - b_dec) + b_gate          pi_mag = exp(r_mag) * W_enc (x - b_dec) + b_mag
 *   f       = gate * 1[pi_gate > 0] * ReLU(pi_mag)
 *
 * The step function has no gradient: what trains the gate are the losses on its own code ReLU(pi_gate), an `l1` for
 * sparsity and a `gate-reconstruction`. Leave `model.encoderBias` false: b_gate and b_mag are this expert's biases.
 *
 * Shapes: B rows, F features, M features an expert, R experts a row.
 * Symbols: b_gate `expert.gate_bias`.
 * @see Rajamanoharan et al. 2024 (arXiv 2404.16014), section 3.2; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";
import { detach } from "../../kernels/detach.ts";

export const gated = definePlugin({
  kind: "expert",
  name: "gated",
  version: "1",
  summary: "Separate gate and magnitude; use it with the losses l1 and gate-reconstruction.",
  paper: "Rajamanoharan et al. 2024 (arXiv 2404.16014), section 3.2",
  options: Type.Object({}),
  deps: { tf: tensorFlowRef },
  facts: () => ({}),
  create: (_options, { tf }) => ({
    initialise: ({ features }) => {
      const zeros = { shape: [features], values: new Float32Array(features) };
      return { magnitude_log_scale: zeros, gate_bias: zeros, magnitude_bias: zeros };
    },
    encode: (context) => {
      const own = (name: string): tensorflow.Tensor3D =>
        context.ofRoutedBlocks(context.parameters[name] as tensorflow.Tensor1D);
      const products_BRM = context.preactivations();
      const gate_BRM = tf.add<tensorflow.Tensor3D>(products_BRM, own("gate_bias"));
      const scaled_BRM = tf.mul(products_BRM, tf.exp(own("magnitude_log_scale")));
      const magnitude_BRM = tf.relu(tf.add(scaled_BRM, own("magnitude_bias")));
      const isOpen_BRM = tf.step(tf.relu(detach(tf, gate_BRM)));
      return {
        ...context.block(tf.mul(magnitude_BRM, isOpen_BRM)),
        gateCode: context.block(tf.relu(gate_BRM)),
      };
    },
  }),
});
