/** Gradients of the three grouped kernels: each one's are the other two. */
import type * as tf from "@tensorflow/tfjs";
import {
  groupedDecodeName,
  groupedEncodeName,
  groupedOuterName,
  runGroupedDecode,
  runGroupedEncode,
  runGroupedOuter,
  type GroupedAttributes,
} from "./contract.ts";

export const groupedMatmulGradients: readonly tf.GradConfig[] = [
  {
    kernelName: groupedEncodeName,
    inputsToSave: ["acts_BD", "weights_FD", "expertIndices_BR"],
    gradFunc: (dy, saved, attrs) => {
      const values_BRM = dy as tf.Tensor3D;
      const [rows_BD, weights_FD, expertIndices_BR] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const grouping = inBackwardPass(attrs);
      return {
        acts_BD: () => runGroupedDecode({ values_BRM, weights_FD, expertIndices_BR }, grouping),
        weights_FD: () => runGroupedOuter({ values_BRM, rows_BD, expertIndices_BR }, grouping),
      };
    },
  },
  {
    kernelName: groupedDecodeName,
    inputsToSave: ["values_BRM", "weights_FD", "expertIndices_BR"],
    gradFunc: (dy, saved, attrs) => {
      const rows_BD = dy as tf.Tensor2D;
      const [values_BRM, weights_FD, expertIndices_BR] = saved as [tf.Tensor3D, tf.Tensor2D, tf.Tensor2D];
      const grouping = inBackwardPass(attrs);
      return {
        values_BRM: () => runGroupedEncode({ acts_BD: rows_BD, weights_FD, expertIndices_BR }, grouping),
        weights_FD: () => runGroupedOuter({ values_BRM, rows_BD, expertIndices_BR }, grouping),
      };
    },
  },
  {
    kernelName: groupedOuterName,
    inputsToSave: ["values_BRM", "rows_BD", "expertIndices_BR"],
    gradFunc: (dy, saved, attrs) => {
      const weights_FD = dy as tf.Tensor2D;
      const [values_BRM, rows_BD, expertIndices_BR] = saved as [tf.Tensor3D, tf.Tensor2D, tf.Tensor2D];
      const grouping = inBackwardPass(attrs);
      return {
        values_BRM: () => runGroupedEncode({ acts_BD: rows_BD, weights_FD, expertIndices_BR }, grouping),
        rows_BD: () => runGroupedDecode({ values_BRM, weights_FD, expertIndices_BR }, grouping),
      };
    },
  },
];

function inBackwardPass(attrs: tf.NamedAttrMap): GroupedAttributes {
  return { ...(attrs as GroupedAttributes), isGradient: 1 };
}
