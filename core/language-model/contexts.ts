/**
 * Cuts token sequences into contexts of one length and splits them into training and held-out ones. The remainder of
 * a sequence, shorter than a context, is dropped. The last contexts of each sequence are held out, so that the text
 * that metrics are computed on lies apart from the text trained on.
 */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { TokenSequence } from "./token-sequence.ts";

export interface ContextOptions {
  /** T */
  readonly contextLength: number;
  /** Contexts taken at most, of the sequences in order. */
  readonly maxContexts: number;
  /** Share of contexts held out, in [0, 1). */
  readonly heldOutFraction: number;
}

/** Token ids [contexts, T], row-major. */
export interface ContextSplit {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/** @throws SwitchyardError TEXT_TOO_SHORT, SOURCE_OPTIONS when no context would be left to train on */
export function splitContexts(sequences: readonly TokenSequence[], options: ContextOptions): ContextSplit {
  const { contextLength: T, maxContexts, heldOutFraction } = options;
  const train: Int32Array[] = [];
  const heldOut: { readonly place: number; readonly context: Int32Array }[] = [];
  let numContexts = 0;
  let numHeldOut = 0;
  for (const { where, ids } of sequences) {
    const available = Math.floor(ids.length / T);
    if (available === 0) throw tooShort(where, ids.length, T);
    const taken = Math.min(available, maxContexts - numContexts);
    if (taken === 0) break;
    numContexts += taken;
    // The running share is rounded, not each sequence's: many short sequences still hold out the right share.
    const held = Math.min(taken, Math.ceil(numContexts * heldOutFraction) - numHeldOut);
    numHeldOut += held;
    train.push(ids.subarray(0, (taken - held) * T));
    for (let i = 0; i < held; i++) {
      const start = (taken - held + i) * T;
      heldOut.push({ place: (i + 0.5) / held, context: ids.subarray(start, start + T) });
    }
  }
  if (numHeldOut === numContexts) {
    throw new SwitchyardError("SOURCE_OPTIONS", "No context is left to train on.", {
      where: "source: texts, maxTokens, heldOutFraction",
      expected: "at least one context beside the held-out ones",
      received: `${numContexts} contexts of ${T} tokens, ${numHeldOut} of them held out`,
      next: "Give more text, raise maxTokens, or lower contextLength or heldOutFraction.",
    });
  }
  // Interleaved in proportion, so that the first rows of an evaluation stand for every text, not for the first one.
  heldOut.sort((a, b) => a.place - b.place);
  return { train: joined(train), heldOut: joined(heldOut.map(({ context }) => context)) };
}

function tooShort(where: string, numTokens: number, contextLength: number): SwitchyardError {
  return new SwitchyardError("TEXT_TOO_SHORT", numTokens === 0 ? "The text is empty." : "The text is too short.", {
    where,
    expected: `at least one context of ${contextLength} tokens`,
    received: `${numTokens} tokens`,
    next: "Remove it from the source's texts, or lower contextLength.",
  });
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all;
}
