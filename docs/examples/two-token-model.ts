/** The smallest language model: two tokens, whose scores for the next one are the activations themselves. */
import type * as tensorflow from "@tensorflow/tfjs";
import type { LanguageModelProbe } from "../../core/index.ts";
import { matrix, tf } from "./device.ts";
import type { Rows } from "./device.ts";

/** @param rows Activations, width 2. @param next The token, 0 or 1, that follows each. */
export function twoTokenModel(rows: Rows, next: readonly number[]): LanguageModelProbe {
  const acts_ND = matrix(rows);
  const original_ND = tf.logSoftmax(acts_ND);
  const chosen_ND = tf.oneHot(tf.tensor1d([...next], "int32"), 2);
  const crossEntropy = (logs_ND: tensorflow.Tensor): number =>
    -(tf.sum(tf.mul(logs_ND, chosen_ND)).dataSync()[0] ?? 0) / rows.length;
  const divergence = (logs_ND: tensorflow.Tensor): number =>
    (tf.sum(tf.mul(tf.exp(original_ND), tf.sub(original_ND, logs_ND))).dataSync()[0] ?? 0) / rows.length;
  return {
    numContexts: 1,
    measure: (splices) => {
      const effects = splices.map((splice) => {
        const unreplaced_ND = splice.kind === "zero" ? tf.zerosLike(acts_ND) : acts_ND;
        const spliced_ND = splice.kind === "replace" ? splice.replace(acts_ND) : unreplaced_ND;
        const logs_ND = tf.logSoftmax(spliced_ND);
        return { nats: crossEntropy(logs_ND), kl: divergence(logs_ND) };
      });
      return Promise.resolve({ numTokens: rows.length, originalNats: crossEntropy(original_ND), effects });
    },
  };
}
