/**
 * Measures what replacements of the activations do to the language model: next-token cross-entropy, and divergence of
 * the next token's distribution from the original's, over held-out contexts. The pass up to the hook point and the
 * original's distributions are computed once for all replacements of a batch of contexts, and held for that batch
 * alone.
 *
 *   nats = mean over positions t of -ln q_t(x_{t+1})
 *   kl   = mean over positions t of sum_v p_t(v) (ln p_t(v) - ln q_t(v))
 *
 * p is the original's distribution, q that with the replacement; t runs over the positions that have a next token.
 *
 * Shapes: T positions, N = contexts of a batch times T, D width, V vocabulary.
 */
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModelProbe, Splice } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Gpt2, TokenBatch } from "./gpt2.ts";
import type { HookPoint } from "./hook-points.ts";
import { includedRows, spliceRows } from "./spliced-positions.ts";

export interface ProbeOptions {
  readonly tf: typeof tf;
  /** Loaded when first needed. */
  readonly model: () => Promise<Gpt2>;
  readonly hook: HookPoint;
  /** Held-out token ids [contexts, T]. */
  readonly ids: Int32Array;
  /** T */
  readonly contextLength: number;
  readonly excludePositions: readonly number[];
  readonly batchContexts: number;
}

/** Values of a tensor as wide as the vocabulary: about six of them live at once. */
const maxVocabularyValues = 8 * 2 ** 20;

/** Sums over tokens, in float64. */
interface Sums {
  loss: number;
  divergence: number;
}

/** One way through the rest of the network, and where its sums go. */
interface Branch {
  /** Final residual stream [N, D]. */
  readonly final_ND: tf.Tensor2D;
  readonly sums: Sums;
}

export function createProbe(options: ProbeOptions): LanguageModelProbe {
  const { tf: tensorFlow, contextLength: T, hook } = options;
  const numContexts = options.ids.length / T;

  function addBatch(
    model: Gpt2,
    ids: Int32Array,
    originalSums: Sums,
    spliced: readonly { readonly splice: Splice; readonly sums: Sums }[],
  ): void {
    tensorFlow.tidy(() => {
      const batch: TokenBatch = { ids, numContexts: ids.length / T, contextLength: T };
      const pass = model.toHook(batch, hook);
      const included = includedRows(batch.numContexts, T, options.excludePositions);
      const original = { final_ND: model.fromHook(pass, batch, hook), sums: originalSums };
      const branches = spliced.map(({ splice, sums }): Branch => {
        const acts_ND = spliceRows(tensorFlow, pass.acts_ND, included, splice);
        return { final_ND: model.fromHook({ ...pass, acts_ND }, batch, hook), sums };
      });
      // The last position of a context has no next token in it.
      const predicting = includedRows(batch.numContexts, T, [T - 1]);
      const maxRows = Math.max(1, Math.floor(maxVocabularyValues / model.config.vocabularySize));
      for (let start = 0; start < predicting.length; start += maxRows) {
        const rows = predicting.subarray(start, start + maxRows);
        const labels = rows.map((row) => ids[row + 1] ?? 0);
        addRows(tensorFlow, model, { rows, labels }, original, branches);
      }
    });
  }

  return {
    numContexts,
    async measure(splices, maxContexts) {
      const used = Math.min(numContexts, maxContexts);
      if (used < 1 || T < 2) throw noContexts(numContexts, T);
      const model = await options.model();
      const original: Sums = { loss: 0, divergence: 0 };
      const spliced = splices.map((splice) => ({ splice, sums: { loss: 0, divergence: 0 } }));
      for (let start = 0; start < used; start += options.batchContexts) {
        const end = Math.min(used, start + options.batchContexts);
        addBatch(model, options.ids.subarray(start * T, end * T), original, spliced);
      }
      const numTokens = used * (T - 1);
      return {
        numTokens,
        originalNats: original.loss / numTokens,
        effects: spliced.map(({ sums }) => ({ nats: sums.loss / numTokens, kl: sums.divergence / numTokens })),
      };
    },
  };
}

interface PredictingRows {
  readonly rows: Int32Array;
  /** The token that each of them is to predict. */
  readonly labels: Int32Array;
}

function addRows(
  tensorFlow: typeof tf,
  model: Gpt2,
  { rows, labels }: PredictingRows,
  original: Branch,
  branches: readonly Branch[],
): void {
  tensorFlow.tidy(() => {
    const width = model.config.vocabularySize;
    const rowIndices_N = tensorFlow.tensor1d(rows, "int32");
    const labelIndices_N = tensorFlow.tensor1d(
      labels.map((label, i) => i * width + label),
      "int32",
    );
    const logsOf = ({ final_ND }: Branch): tf.Tensor2D =>
      model.logProbabilities(tensorFlow.gather(final_ND, rowIndices_N));
    const lossOf = (logs_NV: tf.Tensor2D): number => -sumOf(tensorFlow.gather(logs_NV.reshape([-1]), labelIndices_N));
    const logP_NV = logsOf(original);
    const p_NV = tensorFlow.exp(logP_NV);
    original.sums.loss += lossOf(logP_NV);
    for (const branch of branches) {
      tensorFlow.tidy(() => {
        const logQ_NV = logsOf(branch);
        branch.sums.loss += lossOf(logQ_NV);
        branch.sums.divergence += sumOf(tensorFlow.sum(tensorFlow.mul(p_NV, tensorFlow.sub(logP_NV, logQ_NV)), 1));
      });
    }
  });
}

function sumOf(values: tf.Tensor): number {
  let sum = 0;
  for (const value of values.dataSync()) sum += value;
  return sum;
}

function noContexts(numContexts: number, contextLength: number): SwitchyardError {
  return new SwitchyardError("NO_ROWS", "There is no held-out text to measure the language model on.", {
    where: "source: heldOutFraction, contextLength",
    expected: "at least one held-out context of two tokens",
    received: `${numContexts} contexts of ${contextLength} tokens`,
    next: "Raise heldOutFraction, or give more text.",
  });
}
