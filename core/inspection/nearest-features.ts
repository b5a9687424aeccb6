/**
 * The features whose decoder rows point most nearly the same way as each one's, in its own expert and in others: the
 * same cosine that the duplication evaluator counts with, here with names.
 *
 * Shapes: F features, D width, M features an expert, T rows of a tile.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import { unitRows } from "../evaluation/cosine-tiles.ts";
import { RankedSlots } from "./ranked-slots.ts";
import type { Ranked } from "./ranked-slots.ts";

export interface NearestFeatures {
  /** Score: cosine. */
  sameExpert(feature: number): readonly Ranked[];
  otherExpert(feature: number): readonly Ranked[];
}

/** Cosines held at once: 64 MB. */
const mostCosines = 16 * 2 ** 20;

/** @param count Features named for each, in its own expert and beside it. */
export async function nearestFeatures(
  tensorFlow: typeof tf,
  decoder_FD: tf.Tensor2D,
  { featuresPerExpert: M, count }: { readonly featuresPerExpert: number; readonly count: number },
): Promise<NearestFeatures> {
  const [F, D] = decoder_FD.shape;
  const same = new RankedSlots(F, count);
  const other = new RankedSlots(F, count);
  const tileRows = Math.max(1, Math.min(512, Math.floor(mostCosines / F)));
  const unit_FD = tensorFlow.tidy(() => unitRows(tensorFlow, decoder_FD));
  const unit_DF = tensorFlow.transpose(unit_FD);
  try {
    for (let start = 0; start < F; start += tileRows) {
      const numRows = Math.min(tileRows, F - start);
      const cosines_TF = tensorFlow.tidy(() =>
        tensorFlow.matMul<tf.Tensor2D>(tensorFlow.slice(unit_FD, [start, 0], [numRows, D]), unit_DF),
      );
      const cosines = await cosines_TF.data();
      cosines_TF.dispose();
      for (let row = 0; row < numRows; row++) {
        const feature = start + row;
        const ownStart = Math.floor(feature / M) * M;
        for (let candidate = 0; candidate < F; candidate++) {
          if (candidate === feature) continue;
          const isOwn = candidate >= ownStart && candidate < ownStart + M;
          (isOwn ? same : other).offer(feature, candidate, cosines[row * F + candidate]!);
        }
      }
    }
  } finally {
    tensorFlow.dispose([unit_FD, unit_DF]);
  }
  return { sameExpert: (feature) => same.of(feature), otherExpert: (feature) => other.of(feature) };
}
