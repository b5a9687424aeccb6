/** The expert that `batch-top-k` is, and that `matryoshka-batch-top-k` adds prefixes to. */
import type * as tf from "@tensorflow/tfjs";
import { annealedK } from "./anneal-k.ts";
import type { AnnealedK } from "./anneal-k.ts";
import { aboveThreshold, batchTopK } from "./batch-top-k.ts";
import type { Expert, SparseCode } from "./contracts.ts";
import { inferenceThreshold, initialiseThreshold, observeThreshold } from "./inference-threshold.ts";
import type { ThresholdOptions } from "./inference-threshold.ts";

export function createBatchTopK(
  tensorflow: typeof tf,
  options: AnnealedK & ThresholdOptions,
): Required<Expert> & { readonly encode: (context: Parameters<Expert["encode"]>[0]) => SparseCode } {
  return {
    initialise: initialiseThreshold,
    encode: (context) => {
      const { width, selectedExperts, featuresPerExpert } = context.shape;
      const k = annealedK(options, context.training, { width, reachable: selectedExperts * featuresPerExpert });
      const threshold = context.parameters[inferenceThreshold]?.dataSync<"float32">()[0] ?? -1;
      return context.training === undefined && threshold >= 0
        ? aboveThreshold(tensorflow, context, k, threshold)
        : batchTopK(tensorflow, context, k);
    },
    observe: (code, buffers, training) =>
      observeThreshold(tensorflow, "of-batch", { code, buffers, training }, options),
  };
}
