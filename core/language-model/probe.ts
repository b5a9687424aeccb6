/**
 * Measures what a replacement of the activations does to the language model: mean next-token cross-entropy over
 * held-out contexts. The pass up to the hook point is the same for every replacement and is kept in memory, and so
 * are the results without a replacement and with zeros.
 *
 * Shapes: T positions, N = contexts of a batch times T, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModelProbe, Splice } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Gpt2, HookedPass, TokenBatch } from "./gpt2.ts";
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

/** Activations kept for later splices; contexts beyond are run again each time. */
const maxKeptBytes = 256 * 2 ** 20;

/** Rows of logits computed at once: they are as wide as the vocabulary. */
const maxLogitValues = 16 * 2 ** 20;

interface KeptPass {
  readonly acts: Float32Array;
  readonly residual: Float32Array | undefined;
}

interface Result {
  readonly nats: number;
  readonly numTokens: number;
}

export function createProbe(options: ProbeOptions): LanguageModelProbe {
  const { tf: tensorFlow, contextLength: T, hook } = options;
  const numContexts = options.ids.length / T;
  const kept = new Map<number, KeptPass>();
  const results = new Map<string, Result>();

  function passToHook(model: Gpt2, batch: TokenBatch, start: number): HookedPass {
    const shape: [number, number] = [batch.ids.length, model.config.width];
    const found = kept.get(start);
    if (found !== undefined && found.acts.length === shape[0] * shape[1]) {
      return {
        acts_ND: tensorFlow.tensor2d(found.acts, shape),
        residual_ND: found.residual === undefined ? undefined : tensorFlow.tensor2d(found.residual, shape),
      };
    }
    const pass = model.toHook(batch, hook);
    const bytes = shape[0] * shape[1] * 4 * (pass.residual_ND === undefined ? 1 : 2);
    if ((kept.size + 1) * bytes <= maxKeptBytes) {
      kept.set(start, {
        acts: pass.acts_ND.dataSync<"float32">().slice(),
        residual: pass.residual_ND?.dataSync<"float32">().slice(),
      });
    }
    return pass;
  }

  /** Sum of -log p over the batch's next tokens, in float64. */
  function batchLoss(model: Gpt2, start: number, ids: Int32Array, splice: Splice): number {
    return tensorFlow.tidy(() => {
      const batch = { ids, numContexts: ids.length / T, contextLength: T };
      const pass = passToHook(model, batch, start);
      const included = includedRows(batch.numContexts, T, options.excludePositions);
      const acts_ND = spliceRows(tensorFlow, pass.acts_ND, included, splice);
      const final_ND = model.fromHook({ ...pass, acts_ND }, batch, hook);
      // The last position of a context has no next token in it.
      const predicting = includedRows(batch.numContexts, T, [T - 1]);
      return sumOfLosses(tensorFlow, model, final_ND, ids, predicting);
    });
  }

  return {
    numContexts,
    async crossEntropy(splice, maxContexts) {
      const used = Math.min(numContexts, maxContexts);
      if (used < 1 || T < 2) throw noContexts(numContexts, T);
      const key = `${splice.kind} ${used}`;
      const known = results.get(key);
      if (known !== undefined) return known;
      const model = await options.model();
      let sum = 0;
      for (let start = 0; start < used; start += options.batchContexts) {
        const end = Math.min(used, start + options.batchContexts);
        sum += batchLoss(model, start, options.ids.subarray(start * T, end * T), splice);
      }
      const numTokens = used * (T - 1);
      const result = { nats: sum / numTokens, numTokens };
      if (splice.kind !== "replace") results.set(key, result);
      return result;
    },
  };
}

function sumOfLosses(
  tensorFlow: typeof tf,
  model: Gpt2,
  final_ND: tf.Tensor2D,
  ids: Int32Array,
  predicting: Int32Array,
): number {
  const maxRows = Math.max(1, Math.floor(maxLogitValues / model.config.vocabularySize));
  let sum = 0;
  for (let start = 0; start < predicting.length; start += maxRows) {
    const rows = predicting.subarray(start, start + maxRows);
    const labels = rows.map((row) => ids[row + 1] ?? 0);
    const losses = tensorFlow.tidy(() =>
      model.tokenLosses(tensorFlow.gather(final_ND, tensorFlow.tensor1d(rows, "int32")), labels),
    );
    // Read outside the tidy, which would visit every number of an array that it returns (tfjs 4.22.0).
    for (const loss of losses.dataSync()) sum += loss;
    losses.dispose();
  }
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
