/**
 * How much memory of the GPU training takes on the webgpu device, from sizes alone: `plan` shows it before anything is
 * built. No tensor library is loaded for it.
 */
import type { TrainingSize } from "../devices/training-size.ts";
import { defaultTuning, partBytesOf } from "./tuning.ts";

const bytesPerNumber = 4;

/**
 * Bytes that the device allocates for training, the free buffers that it keeps included:
 *
 *   4 (4 P  +  11 B D  +  c  +  16 B S  +  6 F)  +  part
 *
 *   4 P    the parameters, Adam's two moments and the gradients, which Adam clips on the way
 *   11 B D  activations, centred and normalised ones, reconstruction, what the loss makes of them, their gradients, and
 *          the memory that activations are uploaded and results read back through
 *   c      the code. 14 B K where K is fixed: indices, values, slots, gradients, and the sort of (row, feature) pairs by
 *          feature. Else 8 B R M: pre-activations and code of all features of the routed blocks, and their gradients
 *   16 B S the router: scores, probabilities, what the losses make of them, gradients
 *   6 F    counts of the features: since when each is inactive, where each begins in the sort
 *   part   the pre-activations of a part of the batch, where K is fixed: at most 32 MiB (encodePartMiB of the default tuning), and at least one row
 *
 * The factors were counted in the device's allocator. A test holds the estimate within a factor of 1.5 of what is
 * allocated, either way. Left out: a language model that is harvested on the device, and evaluation, which takes what
 * training did where its batch is as large.
 *
 * Symbols: P parameters, B rows, D width, F features, R M features that a row reaches, K active features, S scores a row.
 */
export function estimateMemory(size: TrainingSize): number {
  const { parameters, batchSize, width, features, reachableFeatures, activeFeatures, scores } = size;
  const code = activeFeatures === undefined ? 8 * reachableFeatures : 14 * activeFeatures;
  const row = reachableFeatures * bytesPerNumber;
  const part = activeFeatures === undefined ? 0 : Math.max(row, Math.min(partBytesOf(defaultTuning), batchSize * row));
  const numbers = 4 * parameters + batchSize * (11 * width + code + 16 * scores) + 6 * features;
  return bytesPerNumber * numbers + part;
}
