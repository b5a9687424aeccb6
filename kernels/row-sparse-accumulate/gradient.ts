/** Gradient of row-sparse accumulate; it makes second derivatives through the sparse kernels possible. */
import type * as tf from "@tensorflow/tfjs";
import { runSparseDecode } from "../sparse-decode/contract.ts";
import { runSparseGatherDot } from "../sparse-gather-dot/contract.ts";
import { rowSparseAccumulateName } from "./contract.ts";

export const rowSparseAccumulateGradient: tf.GradConfig = {
  kernelName: rowSparseAccumulateName,
  inputsToSave: ["indices_BK", "coefficients_BK", "rows_BD"],
  gradFunc: (dy, saved) => {
    const weights_FD = dy as tf.Tensor2D;
    const [indices_BK, coefficients_BK, rows_BD] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return {
      coefficients_BK: () => runSparseGatherDot({ indices_BK, weights_FD, rows_BD }),
      rows_BD: () => runSparseDecode({ indices_BK, values_BK: coefficients_BK, decoder_FD: weights_FD }),
    };
  },
};
