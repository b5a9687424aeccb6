/** Gradient of sparse decode: a dot product a (row, feature) for the values, an outer product for the dictionary. */
import type * as tf from "@tensorflow/tfjs";
import { runRowSparseAccumulate } from "../row-sparse-accumulate/contract.ts";
import { runSparseGatherDot } from "../sparse-gather-dot/contract.ts";
import { sparseDecodeName } from "./contract.ts";

export const sparseDecodeGradient: tf.GradConfig = {
  kernelName: sparseDecodeName,
  inputsToSave: ["indices_BK", "values_BK", "decoder_FD"],
  gradFunc: (dy, saved) => {
    const rows_BD = dy as tf.Tensor2D;
    const [indices_BK, values_BK, decoder_FD] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return {
      values_BK: () => runSparseGatherDot({ indices_BK, weights_FD: decoder_FD, rows_BD }),
      decoder_FD: () =>
        runRowSparseAccumulate(
          { indices_BK, coefficients_BK: values_BK, rows_BD },
          { numFeatures: decoder_FD.shape[0] },
        ),
    };
  },
};
