/**
 * Which tokens each feature promotes and suppresses directly: its decoder row through the unembedding, minus the mean
 * over the vocabulary, which no probability depends on.
 *
 *   effect = W_U (gain * (d - mean(d))) - mean_V        with the final layer norm's gain folded (the default)
 *   effect = W_U d - mean_V                             without
 *
 * What lies between the hook point and the unembedding is left out, and so is the scale that the layer norm divides
 * by, which differs from position to position: effects compare tokens of a feature, and features, not probabilities.
 *
 * Shapes: F features, D width, V vocabulary, T rows of a tile.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModelInspection } from "../data/contracts.ts";
import { RankedSlots } from "./ranked-slots.ts";
import type { Ranked } from "./ranked-slots.ts";

export interface LogitEffects {
  /** Tokens with the largest effect, largest first. */
  promoted(feature: number): readonly Ranked[];
  /** Tokens with the smallest effect, smallest first. */
  suppressed(feature: number): readonly Ranked[];
}

export interface LogitEffectsInput {
  readonly tf: typeof tf;
  readonly inspection: Pick<LanguageModelInspection, "directLogits" | "vocabularySize">;
  readonly decoder_FD: tf.Tensor2D;
  readonly foldNorm: boolean;
  /** Tokens named at each end. */
  readonly count: number;
  readonly onProgress?: (done: number) => void;
}

/** Logits held at once: 64 MB. */
const mostLogits = 16 * 2 ** 20;

export async function logitEffects(input: LogitEffectsInput): Promise<LogitEffects> {
  const { tf: tensorFlow, decoder_FD, inspection } = input;
  const [F, D] = decoder_FD.shape;
  const V = inspection.vocabularySize;
  const most = new RankedSlots(F, input.count);
  const least = new RankedSlots(F, input.count);
  const tileRows = Math.max(1, Math.min(512, Math.floor(mostLogits / V)));
  for (let start = 0; start < F; start += tileRows) {
    const numRows = Math.min(tileRows, F - start);
    const rows_TD = tensorFlow.slice(decoder_FD, [start, 0], [numRows, D]);
    const effects_TV = await inspection.directLogits(rows_TD, { foldNorm: input.foldNorm });
    const effects = await effects_TV.data<"float32">();
    tensorFlow.dispose([rows_TD, effects_TV]);
    for (let row = 0; row < numRows; row++) {
      const effects_V = centred(effects.subarray(row * V, (row + 1) * V));
      for (let token = 0; token < V; token++) {
        most.offer(start + row, token, effects_V[token]!);
        least.offer(start + row, token, -effects_V[token]!);
      }
    }
    input.onProgress?.(start + numRows);
  }
  return {
    promoted: (feature) => most.of(feature),
    suppressed: (feature) => least.of(feature).map(({ id, score }) => ({ id, score: -score })),
  };
}

/** Minus their mean, in float64. */
export function centred(values: ArrayLike<number>): Float64Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  return Float64Array.from(values, (value) => value - mean);
}
