/**
 * Lets an activation through where it exceeds a threshold of its feature, and leaves it as it is: a ReLU that jumps.
 * Thresholds are trained through a straight-through gradient, a rectangle of the given bandwidth around each.
 *
 *   f          = gate * ReLU(z * H(z - theta)),            z = W_enc x + b_enc
 *   df/dtheta  = -(theta / bandwidth) * 1[|z - theta| < bandwidth / 2]
 *   L0         = sum_f H(u_f - theta_f),                   dL0/dtheta = -(1 / bandwidth) * 1[|u - theta| < bandwidth / 2]
 *
 * The loss `l0` penalises that L0. In the paper u is z. dictionary_learning takes the code itself, in which everything
 * below the threshold is 0: `stepInput: activation` reproduces it.
 *
 * Shapes: B rows, F features, M features an expert, R experts a row.
 * @see Rajamanoharan et al. 2024 (arXiv 2407.14435), section 3; saprmarks/dictionary_learning trainers/jumprelu.py
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const jumpRelu = definePlugin({
  kind: "expert",
  name: "jump-relu",
  version: "1",
  summary: "Keeps activations above a trained threshold; use it with the l0 loss.",
  paper: "Rajamanoharan et al. 2024 (arXiv 2407.14435), section 3",
  options: Type.Object({
    bandwidth: Type.Number({
      exclusiveMinimum: 0,
      default: 0.001,
      description: "Width of the rectangle through which thresholds get their gradient, in units of pre-activations.",
    }),
    threshold: Type.Number({ minimum: 0, default: 0.001, description: "What every threshold starts at." }),
    stepInput: Type.Enum(["pre-activation", "activation"], {
      default: "pre-activation",
      description:
        "What is compared with the threshold to count active features: the pre-activation (the paper), or the " +
        "activation behind the jump (dictionary_learning).",
    }),
  }),
  deps: { tf: tensorFlowRef },
  facts: () => ({}),
  create: ({ bandwidth, threshold, stepInput }, { tf }) => ({
    initialise: ({ features }) => ({
      threshold: { shape: [features], values: new Float32Array(features).fill(threshold) },
    }),
    encode: (context) => {
      const theta = context.ofRoutedBlocks(context.parameters["threshold"] as tensorflow.Tensor1D);
      const z_BRM = context.preactivations();
      const jumped_BRM = jump(tf, z_BRM, theta, bandwidth);
      const counted_BRM = stepInput === "activation" ? jumped_BRM : z_BRM;
      return {
        ...context.block(jumped_BRM),
        activeCounts_B: tf.sum(countStep(tf, counted_BRM, theta, bandwidth), [1, 2]),
      };
    },
  }),
});

type Tf = typeof tensorflow;

/** ReLU(z) where z exceeds theta, else 0. The ReLU is in here: behind the jump it would stop the gradient of theta. */
function jump(tf: Tf, z_BRM: tensorflow.Tensor3D, theta: tensorflow.Tensor3D, bandwidth: number): tensorflow.Tensor3D {
  return straightThrough(tf, z_BRM, theta, (z, thresholds) => {
    const value = tf.mul(tf.relu(z), exceeds(tf, z, thresholds));
    return {
      value,
      byInput: (dy) => tf.mul(dy, tf.step(value)),
      byThreshold: (dy) => tf.mul(tf.mul(dy, rectangle(tf, z, thresholds, bandwidth)), tf.div(thresholds, -bandwidth)),
    };
  });
}

/** 1 where u exceeds theta, else 0; no gradient into u. */
function countStep(
  tf: Tf,
  u_BRM: tensorflow.Tensor3D,
  theta: tensorflow.Tensor3D,
  bandwidth: number,
): tensorflow.Tensor3D {
  return straightThrough(tf, u_BRM, theta, (u, thresholds) => ({
    value: exceeds(tf, u, thresholds),
    byInput: (dy) => tf.zerosLike(dy),
    byThreshold: (dy) => tf.mul(dy, tf.div(rectangle(tf, u, thresholds, bandwidth), -bandwidth)),
  }));
}

interface StraightThrough {
  readonly value: tensorflow.Tensor;
  readonly byInput: (dy: tensorflow.Tensor) => tensorflow.Tensor;
  /** Of the shape of the input; summed to that of the thresholds afterwards. */
  readonly byThreshold: (dy: tensorflow.Tensor) => tensorflow.Tensor;
}

function straightThrough(
  tf: Tf,
  input_BRM: tensorflow.Tensor3D,
  theta: tensorflow.Tensor3D,
  define: (input: tensorflow.Tensor, thresholds: tensorflow.Tensor) => StraightThrough,
): tensorflow.Tensor3D {
  // Parameters of the callback come untyped from tfjs' variadic signature.
  const operation = tf.customGrad((...given) => {
    const [input, thresholds, save] = given as [tensorflow.Tensor, tensorflow.Tensor, tensorflow.GradSaveFunc];
    save([input, thresholds]);
    return {
      value: define(input, thresholds).value,
      gradFunc: (dy: tensorflow.Tensor, saved: tensorflow.Tensor[]) => {
        const [savedInput, savedThresholds] = saved as [tensorflow.Tensor, tensorflow.Tensor];
        const { byInput, byThreshold } = define(savedInput, savedThresholds);
        return [byInput(dy), sumTo(tf, byThreshold(dy), savedThresholds.shape)];
      },
    };
  });
  return operation(input_BRM, theta) as tensorflow.Tensor3D;
}

function exceeds(tf: Tf, values: tensorflow.Tensor, thresholds: tensorflow.Tensor): tensorflow.Tensor {
  return tf.step(tf.relu(tf.sub(values, thresholds)));
}

/** 1 where a value lies within half the bandwidth of its threshold, edges left out. */
function rectangle(
  tf: Tf,
  values: tensorflow.Tensor,
  thresholds: tensorflow.Tensor,
  bandwidth: number,
): tensorflow.Tensor {
  const distance = tf.abs(tf.div(tf.sub(values, thresholds), bandwidth));
  return tf.step(tf.relu(tf.sub(0.5, distance)));
}

/** Sums over the axes along which a [1, 1, M] threshold was repeated. */
function sumTo(tf: Tf, gradient: tensorflow.Tensor, shape: readonly number[]): tensorflow.Tensor {
  const axes = shape.flatMap((length, axis) => (length === 1 && gradient.shape[axis] !== 1 ? [axis] : []));
  return axes.length === 0 ? gradient : tf.sum(gradient, axes, true);
}
