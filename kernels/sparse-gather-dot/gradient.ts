/** Gradient of sparse gather-dot. */
import type * as tf from "@tensorflow/tfjs";
import { runRowSparseAccumulate } from "../row-sparse-accumulate/contract.ts";
import { runSparseDecode } from "../sparse-decode/contract.ts";
import { sparseGatherDotName } from "./contract.ts";

export const sparseGatherDotGradient: tf.GradConfig = {
  kernelName: sparseGatherDotName,
  inputsToSave: ["indices_BK", "weights_FD", "rows_BD"],
  gradFunc: (dy, saved) => {
    const values_BK = dy as tf.Tensor2D;
    const [indices_BK, weights_FD, rows_BD] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return {
      weights_FD: () =>
        runRowSparseAccumulate(
          { indices_BK, coefficients_BK: values_BK, rows_BD },
          { numFeatures: weights_FD.shape[0] },
        ),
      rows_BD: () => runSparseDecode({ indices_BK, values_BK, decoder_FD: weights_FD }),
    };
  },
};
