/**
 * Keeps the B * k largest activations of a batch: k a row on average, more where a row needs more. When the model is
 * evaluated a threshold that was estimated while training decides instead, so that a row's code does not depend on
 * its neighbours; before there is an estimate, the batch decides then too.
 *
 *   training    f = BatchTopK_k(gate * ReLU(W_enc (x - b_dec)))
 *   evaluation  f = a * 1[a > theta],   a = gate * ReLU(W_enc (x - b_dec))
 *
 * @see Bussmann et al. 2024 (arXiv 2412.06410), section 3; docs/paper-map.md
 */
import { Type } from "typebox";
import { annealingOptions } from "../../core/model/anneal-k.ts";
import { createBatchTopK } from "../../core/model/batch-top-k-expert.ts";
import { thresholdOptions } from "../../core/model/inference-threshold.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const batchTopK = definePlugin({
  kind: "expert",
  name: "batch-top-k",
  version: "1",
  summary: "Keeps the largest activations of a batch, k a row on average.",
  paper: "Bussmann et al. 2024 (arXiv 2412.06410), section 3",
  options: Type.Object({
    k: Type.Integer({ minimum: 1, description: "Active features of a row on average." }),
    ...annealingOptions,
    ...thresholdOptions,
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ k }) => ({ meanActiveFeatures: k }),
  create: (options, { tf }) => createBatchTopK(tf, options),
});
