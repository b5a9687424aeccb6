/**
 * Gradient of encode top-k: the selection is fixed, and only features with a positive value pass it on.
 *
 *   c[b, k] = dvalues[b, k] where values[b, k] > 0, else 0
 *   dencoder = sum c[b, k] acts[b] into row indices[b, k];  dbias likewise;  dacts[b] = sum c[b, k] encoder row
 *
 * Shapes: B rows, F features, K active features a row.
 */
import * as tf from "@tensorflow/tfjs";
import { runRowSparseAccumulate } from "../row-sparse-accumulate/contract.ts";
import { runSparseDecode } from "../sparse-decode/contract.ts";
import { encodeTopKName } from "./contract.ts";

export const encodeTopKGradient: tf.GradConfig = {
  kernelName: encodeTopKName,
  inputsToSave: ["acts_BD", "encoder_FD"],
  outputsToSave: [true, true, false],
  gradFunc: (dy, saved) => {
    const [, dvalues_BK] = dy as tf.Tensor2D[] as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const [acts_BD, encoder_FD, indices_BK, values_BK] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const numFeatures = encoder_FD.shape[0];
    const coefficients_BK: tf.Tensor2D = tf.mul(dvalues_BK, tf.step(values_BK));
    return {
      acts_BD: () => runSparseDecode({ indices_BK, values_BK: coefficients_BK, decoder_FD: encoder_FD }),
      encoder_FD: () => runRowSparseAccumulate({ indices_BK, coefficients_BK, rows_BD: acts_BD }, { numFeatures }),
      encoderBias_F: () => {
        const rows_BD = tf.ones<tf.Rank.R2>([acts_BD.shape[0], 1]);
        return tf.reshape(runRowSparseAccumulate({ indices_BK, coefficients_BK, rows_BD }, { numFeatures }), [-1]);
      },
    };
  },
};
