/**
 * The kernels as the reference implementation computes them: all F pre-activations, then a mask. Slow and plain, by
 * tfjs' own autodiff: an independent way to the same numbers, for comparing models built on the real kernels.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, R experts a row, K active features.
 */
import * as tf from "@tensorflow/tfjs";
import type { EncodeTopKInput, EncodeTopKOutput, Kernels } from "../../../kernels/kernels.ts";

export const denseKernels: Kernels = {
  groupedEncode: (acts_BD, weights_FD, expertIndices_BR, numExperts) => {
    const [rows, slots] = expertIndices_BR.shape;
    const perExpert = weights_FD.shape[0] / numExperts;
    const all_BEM = tf.reshape(tf.matMul(acts_BD, weights_FD, false, true), [rows, numExperts, perExpert]);
    return tf.matMul(oneHot(expertIndices_BR, numExperts), all_BEM).reshape([rows, slots, perExpert]);
  },
  groupedDecode: (values_BRM, weights_FD, expertIndices_BR, numExperts) => {
    const rows = expertIndices_BR.shape[0];
    const chosen_BRE = oneHot(expertIndices_BR, numExperts);
    const all_BEM = tf.matMul(chosen_BRE, values_BRM, true, false);
    return tf.matMul(tf.reshape<tf.Rank.R2>(all_BEM, [rows, weights_FD.shape[0]]), weights_FD);
  },
  encodeTopK: denseEncodeTopK,
  sparseDecode: (indices_BK, values_BK, decoder_FD) => {
    const chosen_BKF = oneHot(indices_BK, decoder_FD.shape[0]);
    const code_BF = tf.sum<tf.Tensor2D>(tf.mul(chosen_BKF, tf.expandDims(values_BK, 2)), 1);
    return tf.matMul(code_BF, decoder_FD);
  },
  sparseGatherDot: (indices_BK, weights_FD, rows_BD) => {
    const all_BF = tf.matMul(rows_BD, weights_FD, false, true);
    return tf.sum(tf.mul(oneHot(indices_BK, weights_FD.shape[0]), tf.expandDims(all_BF, 1)), 2);
  },
  rowSparseAccumulate: (indices_BK, coefficients_BK, rows_BD, numFeatures) => {
    const chosen_BKF = oneHot(indices_BK, numFeatures);
    const code_BF = tf.sum<tf.Tensor2D>(tf.mul(chosen_BKF, tf.expandDims(coefficients_BK, 2)), 1);
    return tf.matMul(code_BF, rows_BD, true, false);
  },
  adamStep: (parameter, given, { first, second }, { learningRate, beta1, beta2, epsilon, step, acrossRows }) => {
    tf.tidy(() => {
      const gradient =
        acrossRows === true ? across(given as tf.Tensor2D, parameter as tf.Tensor as tf.Tensor2D) : given;
      first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)));
      second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
      const root = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** step)), epsilon);
      parameter.assign(tf.sub(parameter, tf.mul(tf.div(first, root), learningRate / (1 - beta1 ** step))));
    });
  },
  normaliseRows: (matrix_FD) => {
    tf.tidy(() => {
      const norm_F1 = tf.sqrt(tf.sum(tf.square(matrix_FD), 1, true));
      matrix_FD.assign(tf.div(matrix_FD, tf.maximum(norm_F1, 1e-30)));
    });
  },
  removeParallelComponent: across,
  squaredError: (prediction_BD, target_BD) => tf.mean(tf.sum(tf.squaredDifference(prediction_BD, target_BD), 1)),
  globalNorm: (tensors) => {
    let squares = 0;
    for (const tensor of tensors) for (const value of tensor.dataSync()) squares += value * value;
    return Math.sqrt(squares);
  },
};

function across(gradient_FD: tf.Tensor2D, matrix_FD: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const unit_FD = tf.div(matrix_FD, tf.sqrt(tf.sum(tf.square(matrix_FD), 1, true)));
    return tf.sub(gradient_FD, tf.mul(unit_FD, tf.sum(tf.mul(gradient_FD, unit_FD), 1, true)));
  });
}

function denseEncodeTopK(input: EncodeTopKInput): EncodeTopKOutput {
  const { acts_BD, encoder_FD, encoderBias_F, expertIndices_BR, gates_BR, numExperts, k } = input;
  const products_BF = tf.matMul(acts_BD, encoder_FD, false, true);
  const all_BF = tf.relu(encoderBias_F === undefined ? products_BF : tf.add(products_BF, encoderBias_F)) as tf.Tensor2D;
  const features = encoder_FD.shape[0];
  const perExpert = features / numExperts;
  const activations = all_BF.arraySync();
  const experts = expertIndices_BR.arraySync();
  const gates = gates_BR.arraySync();
  const indices: number[][] = [];
  const slots: number[][] = [];
  for (const [b, row] of activations.entries()) {
    const slotOf = (feature: number): number => experts[b]!.indexOf(Math.floor(feature / perExpert));
    const candidates = row.map((_value, feature) => feature).filter((feature) => slotOf(feature) >= 0);
    const score = (feature: number): number => Math.fround(row[feature]! * gates[b]![slotOf(feature)]!);
    const best = candidates.sort((a, c) => score(c) - score(a) || a - c).slice(0, k);
    best.sort((a, c) => a - c);
    indices.push(best);
    slots.push(best.map(slotOf));
  }
  const indices_BK = tf.tensor2d(indices, [indices.length, k], "int32");
  const values_BK = tf.sum<tf.Tensor2D>(tf.mul(oneHot(indices_BK, features), tf.expandDims(all_BF, 1)), 2);
  return { indices_BK, values_BK, slots_BK: tf.tensor2d(slots, [slots.length, k], "int32") };
}

function oneHot(indices: tf.Tensor2D, depth: number): tf.Tensor3D {
  // tfjs has no one-hot of depth 1.
  if (depth === 1) return tf.ones([...indices.shape, 1]);
  return tf.cast(tf.oneHot(indices, depth), "float32") as tf.Tensor3D;
}
