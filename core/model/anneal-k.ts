/**
 * k that falls while training: a code with many active features at first keeps more of them alive.
 *
 *   k_t = floor(annealFrom + (k - annealFrom) * min(1, t / annealSteps)),   t counted from 0;   k when evaluated
 *
 * @see saprmarks/dictionary_learning trainers/batch_top_k.py (update_annealed_k), which uses k itself at step 0
 */
import { Type } from "typebox";
import type { TrainingMoment } from "./contracts.ts";

/** The schema of the options of an expert with a k. */
export const annealingOptions = {
  annealSteps: Type.Integer({
    minimum: 0,
    default: 0,
    description: "Steps over which k falls from annealFrom. 0: k is the same from the start.",
    "x-hash": "unless-default",
  }),
  annealFrom: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    default: null,
    description: "k at the first step when annealed; null: as many as the width of an activation.",
    "x-hash": "unless-default",
  }),
};

export interface AnnealedK {
  readonly k: number;
  readonly annealSteps: number;
  readonly annealFrom: number | null;
}

/** @param width D. @param reachable R * M: k is never above the features that a row can reach. */
export function annealedK(
  { k, annealSteps, annealFrom }: AnnealedK,
  training: TrainingMoment | undefined,
  { width, reachable }: { readonly width: number; readonly reachable: number },
): number {
  if (training === undefined || training.step >= annealSteps) return k;
  const from = annealFrom ?? width;
  return Math.min(Math.floor(from + (k - from) * (training.step / annealSteps)), Math.max(k, reachable));
}
