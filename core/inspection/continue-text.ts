/** Lets the language model go on with a text, token by token, with or without steering. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { LanguageModelInspection, Splice } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { createRng } from "../model/rng.ts";
import { logProbabilities } from "./distributions.ts";

export interface Continuation {
  /** Tokens to add. */
  readonly tokens: number;
  /** 0 takes the most probable token each time (ties: lower id). */
  readonly temperature: number;
  /** The same seed gives the same text. */
  readonly seed: number;
}

export interface ContinueInput extends Continuation {
  readonly inspection: LanguageModelInspection;
  readonly ids: Int32Array;
  readonly splice: Splice;
  /** Spliced positions of a text of this many tokens. */
  readonly positionsOf: (length: number) => Int32Array;
}

/** @returns The added tokens. @throws SwitchyardError TEXT_LENGTH */
export async function continueText(input: ContinueInput): Promise<Int32Array> {
  const { inspection, ids, splice, tokens, temperature } = input;
  const { maxPositions } = inspection;
  // The last token is not read again.
  if (ids.length + tokens - 1 > maxPositions) throw tooLong(ids.length, tokens, maxPositions);
  const stream = createRng(input.seed).stream("continuation");
  const all = new Int32Array(ids.length + tokens);
  all.set(ids);
  for (let length = ids.length; length < all.length; length++) {
    const text = { ids: all.slice(0, length), splice, positions: input.positionsOf(length) };
    const { logits_V } = await inspection.nextToken(text);
    all[length] = temperature === 0 ? largest(logits_V) : drawn(logits_V, temperature, stream.uniform());
  }
  return all.subarray(ids.length);
}

function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** @param uniform In [0, 1): the token whose share of the cumulated probability it falls into. */
function drawn(logits_V: Float32Array, temperature: number, uniform: number): number {
  const logs = logProbabilities(logits_V.map((logit) => logit / temperature));
  let cumulated = 0;
  for (let v = 0; v < logs.length; v++) {
    cumulated += Math.exp(logs[v]!);
    if (uniform < cumulated) return v;
  }
  // Rounding left the sum a little below 1.
  return largest(logs);
}

function tooLong(prompt: number, tokens: number, maxPositions: number): SwitchyardError {
  return new SwitchyardError("TEXT_LENGTH", "The text and its continuation are longer than the model reads.", {
    expected: `at most ${maxPositions} tokens`,
    received: `${prompt} tokens and ${tokens} more`,
    next: "Shorten the text, or ask for fewer tokens.",
  });
}
