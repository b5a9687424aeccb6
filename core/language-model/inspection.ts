/**
 * Shows the text behind the rows, and answers what the language model makes of a text whose activations at the hook
 * point are changed: the looking and steering counterpart of `probe.ts`, which measures losses.
 *
 * Shapes: T positions, N rows, D width, V vocabulary.
 */
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModelInspection, NextToken, SplicedText } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { Gpt2Config } from "./gpt2-config.ts";
import type { Gpt2 } from "./gpt2.ts";
import type { HookPoint } from "./hook-points.ts";
import { spliceRows } from "./spliced-positions.ts";
import type { TextTokenizer } from "./tokenizer.ts";

export interface InspectionOptions {
  readonly tf: typeof tf;
  /** Loaded when first needed: showing text needs no weights. */
  readonly model: () => Promise<Gpt2>;
  readonly config: Gpt2Config;
  readonly tokenizer: () => Promise<TextTokenizer>;
  readonly hook: HookPoint;
  /** Held-out token ids [contexts, T]. */
  readonly ids: Int32Array;
  /** T */
  readonly contextLength: number;
  readonly excludePositions: readonly number[];
}

export function createInspection(options: InspectionOptions): LanguageModelInspection {
  const { tf: tensorFlow, config, hook, contextLength: T } = options;
  const { vocabularySize, numPositions: maxPositions } = config;
  /** Every token is asked for many times. */
  const texts = new Map<number, string>();

  /** The final residual stream [1, D] of the last position. */
  function lastResidual(model: Gpt2, { ids, splice, positions }: SplicedText): tf.Tensor2D {
    return tensorFlow.tidy(() => {
      const batch = { ids, numContexts: 1, contextLength: ids.length };
      const pass = model.toHook(batch, hook);
      const acts_ND = positions.length === 0 ? pass.acts_ND : spliceRows(tensorFlow, pass.acts_ND, positions, splice);
      const final_ND = model.fromHook({ ...pass, acts_ND }, batch, hook);
      return tensorFlow.slice(final_ND, [ids.length - 1, 0], [1, config.width]);
    });
  }

  async function nextToken(text: SplicedText): Promise<NextToken> {
    if (text.ids.length < 1 || text.ids.length > maxPositions) throw wrongLength(text.ids.length, maxPositions);
    const model = await options.model();
    const final_1D = lastResidual(model, text);
    const logits_1V = model.logits(final_1D);
    try {
      const [residual, logits_V] = [await final_1D.data<"float32">(), await logits_1V.data<"float32">()];
      return { logits_V: logits_V.slice(), finalScale: scaleOf(residual, config.layerNormEpsilon) };
    } finally {
      tensorFlow.dispose([final_1D, logits_1V]);
    }
  }

  return {
    vocabularySize,
    maxPositions,
    numContexts: options.ids.length / T,
    contextLength: T,
    excludedPositions: options.excludePositions,
    contextIds: (context) => options.ids.subarray(context * T, (context + 1) * T),
    encode: async (text) => Int32Array.from((await options.tokenizer()).encode(text)),
    decode: async (ids) => (await options.tokenizer()).decode([...ids]),
    tokenTexts: async (ids) => {
      const tokenizer = await tokenizerIfAny(options.tokenizer);
      return Array.from(ids, (id) => {
        const known = texts.get(id) ?? tokenizer?.decode([id]) ?? `<${id}>`;
        texts.set(id, known);
        return known;
      });
    },
    nextToken,
    directLogits: async (directions_ND, { foldNorm }) =>
      (await options.model()).directLogits(directions_ND, { foldNorm }),
  };
}

/** Texts may be given as token ids, and then a checkpoint needs no tokenizer. */
async function tokenizerIfAny(load: () => Promise<TextTokenizer>): Promise<TextTokenizer | undefined> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === "TOKENIZER_UNUSABLE") return undefined;
    throw error;
  }
}

/** sqrt(var + epsilon), in float64. */
function scaleOf(values: Float32Array, epsilon: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(variance + epsilon);
}

function wrongLength(received: number, maxPositions: number): SwitchyardError {
  return new SwitchyardError("TEXT_LENGTH", "The language model cannot read a text of this length.", {
    expected: `1 to ${maxPositions} tokens`,
    received: `${received} tokens`,
    next: received === 0 ? "Give a text." : "Shorten the text, or ask for fewer tokens.",
  });
}
