/**
 * The grouped kernels composed of tfjs operations: gather the rows of each expert, one product an expert, and back.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, N rows of one expert.
 */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { groupRows, type ExpertGroup } from "../row-groups.ts";
import {
  groupedDecodeName,
  groupedEncodeName,
  groupedOuterName,
  type GroupedAttributes,
  type GroupedDecodeInputs,
  type GroupedEncodeInputs,
  type GroupedOuterInputs,
} from "./contract.ts";

export const groupedMatmulReference: readonly KernelVersion[] = [
  referenceVersion(groupedEncodeName, groupedEncodeReference),
  referenceVersion(groupedDecodeName, groupedDecodeReference),
  referenceVersion(groupedOuterName, groupedOuterReference),
];

/** Also used by encode-top-k's reference. */
export function groupedEncodeReference(inputs: GroupedEncodeInputs, { numExperts }: GroupedAttributes): tf.Tensor3D {
  const { acts_BD, weights_FD, expertIndices_BR } = inputs;
  const [rows, selected] = expertIndices_BR.shape;
  const featuresPerExpert = weights_FD.shape[0] / numExperts;
  const groups = groupsOf(expertIndices_BR, numExperts).filter(({ pairs }) => pairs.length > 0);
  const products = groups.map(({ expert, pairs }) => {
    const acts_ND = gatherRows(acts_BD, rowsOf(pairs, selected));
    const block_MD = tf.slice(weights_FD, [expert * featuresPerExpert, 0], [featuresPerExpert, -1]);
    return tf.matMul<tf.Tensor2D>(acts_ND, tf.transpose(block_MD));
  });
  return tf.reshape(ungroup(products, groups), [rows, selected, featuresPerExpert]);
}

function groupedDecodeReference(inputs: GroupedDecodeInputs, { numExperts }: GroupedAttributes): tf.Tensor2D {
  const { values_BRM, weights_FD, expertIndices_BR } = inputs;
  const [rows, selected, featuresPerExpert] = values_BRM.shape;
  const values_PM: tf.Tensor2D = tf.reshape(values_BRM, [rows * selected, featuresPerExpert]);
  const groups = groupsOf(expertIndices_BR, numExperts).filter(({ pairs }) => pairs.length > 0);
  const products = groups.map(({ expert, pairs }) => {
    const block_MD = tf.slice(weights_FD, [expert * featuresPerExpert, 0], [featuresPerExpert, -1]);
    return tf.matMul<tf.Tensor2D>(gatherRows(values_PM, pairs), block_MD);
  });
  return tf.sum(tf.reshape(ungroup(products, groups), [rows, selected, -1]), 1);
}

function groupedOuterReference(inputs: GroupedOuterInputs, { numExperts }: GroupedAttributes): tf.Tensor2D {
  const { values_BRM, rows_BD, expertIndices_BR } = inputs;
  const [rows, selected, featuresPerExpert] = values_BRM.shape;
  const values_PM: tf.Tensor2D = tf.reshape(values_BRM, [rows * selected, featuresPerExpert]);
  const blocks = groupsOf(expertIndices_BR, numExperts).map(({ pairs }) => {
    if (pairs.length === 0) return tf.zeros([featuresPerExpert, rows_BD.shape[1]]);
    const values_MN = tf.transpose(gatherRows(values_PM, pairs));
    return tf.matMul<tf.Tensor2D>(values_MN, gatherRows(rows_BD, rowsOf(pairs, selected)));
  });
  return tf.concat(blocks, 0) as tf.Tensor2D;
}

function groupsOf(expertIndices_BR: tf.Tensor2D, numExperts: number): readonly ExpertGroup[] {
  return groupRows(Int32Array.from(expertIndices_BR.dataSync()), numExperts);
}

function rowsOf(pairs: Int32Array, selected: number): Int32Array {
  return pairs.map((pair) => Math.floor(pair / selected));
}

function gatherRows(matrix: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  return tf.gather(matrix, tf.tensor1d(rows, "int32"));
}

/** Puts the rows of all groups back into the order of the pairs. */
function ungroup(products: readonly tf.Tensor2D[], groups: readonly ExpertGroup[]): tf.Tensor2D {
  const grouped = tf.concat<tf.Tensor2D>([...products], 0);
  const positions = new Int32Array(grouped.shape[0]);
  let position = 0;
  for (const { pairs } of groups) for (const pair of pairs) positions[pair] = position++;
  return gatherRows(grouped, positions);
}
