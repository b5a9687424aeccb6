/**
 * Keeps the k largest positive pre-activations of a row, over all experts that it is routed to together.
 *
 *   f = TopK_k(gate * ReLU(W_enc (x - b_dec)))
 *
 * One fused kernel does it, so the [B, R, M] pre-activations never exist.
 * @see Gao et al. 2024 (arXiv 2406.04093), section 2.3; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { annealedK, annealingOptions } from "../../core/model/anneal-k.ts";
import { aboveThreshold } from "../../core/model/batch-top-k.ts";
import {
  inferenceThreshold,
  initialiseThreshold,
  observeThreshold,
  thresholdOptions,
} from "../../core/model/inference-threshold.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const topK = definePlugin({
  kind: "expert",
  name: "top-k",
  version: "1",
  summary: "Keeps the k largest activations of each row and drops the rest.",
  paper: "Gao et al. 2024 (arXiv 2406.04093), section 2.3",
  options: Type.Object({
    k: Type.Integer({
      minimum: 1,
      description: "Active features of a row; at most the features of the experts that a row is routed to.",
    }),
    ...annealingOptions,
    threshold: Type.Enum(["none", "estimate", "use"], {
      default: "none",
      description:
        "estimate: a threshold for all features is estimated while training, for use elsewhere. use: it also stands " +
        "in for the top-k when the model is evaluated.",
      "x-hash": "unless-default",
    }),
    thresholdBeta: { ...thresholdOptions.thresholdBeta, "x-hash": "unless-default" },
    thresholdStartStep: { ...thresholdOptions.thresholdStartStep, "x-hash": "unless-default" },
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ k, threshold }) => (threshold === "use" ? { meanActiveFeatures: k } : { activeFeatures: k }),
  create: (options, { tf }) => ({
    initialise: () => (options.threshold === "none" ? {} : initialiseThreshold()),
    encode: (context) => {
      const { width, selectedExperts, featuresPerExpert } = context.shape;
      const k = annealedK(options, context.training, { width, reachable: selectedExperts * featuresPerExpert });
      if (options.threshold !== "use" || context.training !== undefined) return context.topK(k);
      const threshold = readScalar(context.parameters[inferenceThreshold]);
      return threshold < 0 ? context.topK(k) : aboveThreshold(tf, context, k, threshold);
    },
    observe: (code, buffers, training) =>
      options.threshold === "none" ? {} : observeThreshold(tf, "of-rows", { code, buffers, training }, options),
  }),
});

function readScalar(tensor: tensorflow.Tensor | undefined): number {
  return tensor?.dataSync<"float32">()[0] ?? -1;
}
