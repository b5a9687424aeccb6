/**
 * One threshold for all features, estimated while training, that stands in for a top-k when a model is used: a row's
 * code then depends on that row alone. It is a moving average of the smallest activation that was still selected.
 *
 *   theta <- m                              at the first estimate
 *   theta <- beta theta + (1 - beta) m      after that
 *
 * Kept in the buffer `inference_threshold` []; -1 says that nothing was estimated yet.
 * @see Bussmann et al. 2024 (arXiv 2412.06410), section 3; saprmarks/dictionary_learning trainers/batch_top_k.py, top_k.py
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { Encoding, NamedTensors, ParameterInit, TrainingMoment } from "./contracts.ts";

export const inferenceThreshold = "inference_threshold";

/** The schema of the options of an expert that estimates a threshold. */
export const thresholdOptions = {
  thresholdBeta: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.999,
    description: "How much of the estimated threshold stays at each step.",
  }),
  thresholdStartStep: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    default: null,
    description: "Step after which the threshold is estimated, counted from 0; null: after half the steps.",
  }),
};

export interface ThresholdOptions {
  readonly thresholdBeta: number;
  readonly thresholdStartStep: number | null;
}

export function initialiseThreshold(): Readonly<Record<string, ParameterInit>> {
  return { [inferenceThreshold]: { shape: [], values: Float32Array.of(-1), trainable: false } };
}

/**
 * @param smallest What of a code's values is averaged: the batch's smallest positive value, or the mean of the rows'.
 * @returns The buffer's next value, where it changes.
 */
export function observeThreshold(
  tensorflow: typeof tf,
  smallest: "of-batch" | "of-rows",
  seen: { readonly code: Encoding; readonly buffers: NamedTensors; readonly training: TrainingMoment },
  { thresholdBeta, thresholdStartStep }: ThresholdOptions,
): NamedTensors {
  const { code, buffers, training } = seen;
  if (code.kind !== "sparse" || training.step <= (thresholdStartStep ?? training.totalSteps / 2)) return {};
  const values = code.values_BK.dataSync<"float32">();
  const least = smallest === "of-batch" ? leastPositive(values) : meanLeastPositive(values, code.values_BK.shape[1]);
  const before = buffers[inferenceThreshold]!.dataSync<"float32">()[0]!;
  const next = before < 0 ? least : thresholdBeta * before + (1 - thresholdBeta) * least;
  return { [inferenceThreshold]: tensorflow.scalar(next) };
}

/** 0 where nothing is positive. */
function leastPositive(values: Float32Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value > 0 && value < least) least = value;
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}

/** Mean over the rows that have a positive value; 0 where none has. */
function meanLeastPositive(values: Float32Array, perRow: number): number {
  let sum = 0;
  let count = 0;
  for (let start = 0; start < values.length; start += perRow) {
    const least = leastPositive(values.subarray(start, start + perRow));
    if (least === 0) continue;
    sum += least;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}
