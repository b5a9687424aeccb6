/**
 * What an expert gets to work with: the routed blocks of the encoder, computed by kernels that touch no other block.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import { detach } from "../../kernels/detach.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type {
  BlockCode,
  EncodeContext,
  ModelShape,
  NamedTensors,
  Routing,
  SparseCode,
  TrainingMoment,
} from "./contracts.ts";
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
  /** The expert's own, by local name. */
  readonly parameters?: NamedTensors;
  readonly training?: TrainingMoment | undefined;
}

/**
 * Added to the pre-activations of features that may not be chosen: no finite activation outweighs it, and the ReLU
 * makes an exact zero of the sum.
 */
const excluded = -1e30;

export function createEncodeContext(input: EncodeInput): EncodeContext {
  return {
    shape: input.shape,
    routing: input.routing,
    parameters: input.parameters ?? {},
    training: input.training,
    preactivations: () => preactivations(input),
    topK: (k, among_F) => topK(input, k, among_F),
    ofRoutedBlocks: (values_F) => ofRoutedBlocks(input, values_F),
    block: (activations_BRM) => block(input, activations_BRM),
  };
}

function preactivations(input: EncodeInput): tf.Tensor3D {
  const { tf, kernels, shape, acts_BD, encoder_FD, encoderBias_F, routing } = input;
  const products_BRM = kernels.groupedEncode(acts_BD, encoder_FD, routing.expertIndices_BR, shape.experts);
  return encoderBias_F === undefined ? products_BRM : tf.add(products_BRM, ofRoutedBlocks(input, encoderBias_F));
}

function ofRoutedBlocks({ tf, shape, routing }: EncodeInput, values_F: tf.Tensor1D): tf.Tensor3D {
  const values_EM = tf.reshape<tf.Rank.R2>(values_F, [shape.experts, shape.featuresPerExpert]);
  return rowsOfExperts(tf, values_EM, routing.expertIndices_BR);
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

function topK(input: EncodeInput, k: number, among_F?: tf.Tensor1D): SparseCode {
  const { tf, kernels, shape, acts_BD, encoder_FD, routing } = input;
  const encoderBias_F = among_F === undefined ? input.encoderBias_F : biasAmong(input, among_F);
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

/** The encoder's bias, with one on the excluded features that no activation overcomes; no gradient into `among_F`. */
function biasAmong({ tf, encoderBias_F }: EncodeInput, among_F: tf.Tensor1D): tf.Tensor1D {
  const penalty_F = tf.mul<tf.Tensor1D>(tf.sub(1, detach(tf, among_F)), excluded);
  return encoderBias_F === undefined ? penalty_F : tf.add(encoderBias_F, penalty_F);
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
