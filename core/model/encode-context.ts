/**
 * What an expert gets to work with: the routed blocks of the encoder, computed by kernels that touch no other block.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { BlockCode, EncodeContext, ModelShape, Routing, SparseCode } from "./contracts.ts";
import { oneHot } from "./one-hot.ts";

export interface EncodeInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly shape: ModelShape;
  /** Already centred where the model does that. */
  readonly acts_BD: tf.Tensor2D;
  readonly encoder_FD: tf.Tensor2D;
  readonly encoderBias_F: tf.Tensor1D | undefined;
  readonly routing: Routing;
}

export function createEncodeContext(input: EncodeInput): EncodeContext {
  return {
    shape: input.shape,
    routing: input.routing,
    preactivations: () => preactivations(input),
    topK: (k) => topK(input, k),
    block: (activations_BRM) => block(input, activations_BRM),
  };
}

function preactivations({ tf, kernels, shape, acts_BD, encoder_FD, encoderBias_F, routing }: EncodeInput): tf.Tensor3D {
  const products_BRM = kernels.groupedEncode(acts_BD, encoder_FD, routing.expertIndices_BR, shape.experts);
  if (encoderBias_F === undefined) return products_BRM;
  const bias_EM = tf.reshape<tf.Rank.R2>(encoderBias_F, [shape.experts, shape.featuresPerExpert]);
  return tf.add(products_BRM, rowsOfExperts(tf, bias_EM, routing.expertIndices_BR));
}

/**
 * Row expertIndices[b, r] of a matrix with one row an expert; broadcastable to [B, R, M] where there is one expert.
 */
export function rowsOfExperts(tensorflow: typeof tf, rows_EM: tf.Tensor2D, expertIndices_BR: tf.Tensor2D): tf.Tensor3D {
  const [experts, width] = rows_EM.shape;
  if (experts === 1) return tensorflow.reshape(rows_EM, [1, 1, width]);
  const [rows, slots] = expertIndices_BR.shape;
  const flat_N = tensorflow.reshape<tf.Rank.R1>(expertIndices_BR, [rows * slots]);
  const chosen_NE = oneHot(tensorflow, flat_N, experts);
  return tensorflow.reshape(tensorflow.matMul(chosen_NE, rows_EM), [rows, slots, width]);
}

function topK({ tf, kernels, shape, acts_BD, encoder_FD, encoderBias_F, routing }: EncodeInput, k: number): SparseCode {
  const available = shape.selectedExperts * shape.featuresPerExpert;
  if (k > available) {
    throw new SwitchyardError("K_TOO_LARGE", `A row cannot have ${k} active features.`, {
      where: "model.expert",
      expected: `at most ${available}: ${shape.selectedExperts} experts of ${shape.featuresPerExpert} features`,
      received: `k = ${k}`,
      next: "lower k, raise model.features, or use fewer experts",
    });
  }
  const { expertIndices_BR, gates_BR } = routing;
  const selected = kernels.encodeTopK({
    acts_BD,
    encoder_FD,
    ...(encoderBias_F === undefined ? {} : { encoderBias_F }),
    expertIndices_BR,
    gates_BR,
    numExperts: shape.experts,
    k,
  });
  // The kernel only orders by the gates: multiplying here is what sends the reconstruction's gradient to the router.
  const gates_BK = shape.selectedExperts === 1 ? gates_BR : gatesOfSlots(tf, gates_BR, selected.slots_BK);
  return { kind: "sparse", indices_BK: selected.indices_BK, values_BK: tf.mul(selected.values_BK, gates_BK) };
}

/** gates[b, slots[b, k]], differentiable in the gates. */
function gatesOfSlots(tensorflow: typeof tf, gates_BR: tf.Tensor2D, slots_BK: tf.Tensor2D): tf.Tensor2D {
  const chosen_BKR = oneHot(tensorflow, slots_BK, gates_BR.shape[1]);
  return tensorflow.sum(tensorflow.mul(chosen_BKR, tensorflow.expandDims(gates_BR, 1)), 2);
}

function block({ tf, routing }: EncodeInput, activations_BRM: tf.Tensor3D): BlockCode {
  const values_BRM = tf.mul<tf.Tensor3D>(activations_BRM, tf.expandDims(routing.gates_BR, 2));
  return { kind: "block", expertIndices_BR: routing.expertIndices_BR, values_BRM };
}
