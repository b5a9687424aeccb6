/**
 * Steering: what the language model says next when a feature's decoder row is added to its activations at the hook
 * point. The paper leaves open whether a Switch SAE's features, some of them learnt twice, steer as a dense one's do.
 *
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 6; docs/steering.md
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type { LanguageModelInspection, Splice } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";
import { continueText } from "./continue-text.ts";
import type { Continuation, ContinueInput } from "./continue-text.ts";
import { divergence, logProbabilities } from "./distributions.ts";
import { featureDirection, steeringSplice } from "./feature-direction.ts";
import { centred } from "./logit-effects.ts";
import { RankedSlots } from "./ranked-slots.ts";

/** Positions that receive the feature; excluded ones never do. */
export type SteeredPositions = "all" | "last";

export interface SteerInput {
  readonly run: Pick<TrainedRun, "tf" | "model" | "config" | "source">;
  readonly feature: number;
  /** Activation that is added: the decoder row times this. */
  readonly strength: number;
  readonly prompt: string;
  /** `all`: every position, those of the continuation too; `last`: the last of the prompt. */
  readonly positions: SteeredPositions;
  /** Tokens shown of each list. */
  readonly tokens: number;
  readonly continuation?: Continuation | undefined;
}

export interface TokenChange {
  readonly token: string;
  readonly id: number;
  /** Probabilities. */
  readonly before: number;
  readonly after: number;
  /** Of the logit, less the mean over the vocabulary. */
  readonly logitChange: number;
}

export interface SteerResult {
  readonly strength: number;
  readonly promptTokens: readonly string[];
  /** Positions of the prompt that were steered. */
  readonly steered: readonly number[];
  /** KL(before || after) of the next token, nats. */
  readonly kl: number;
  /** The most probable tokens before, and after. */
  readonly before: readonly TokenChange[];
  readonly after: readonly TokenChange[];
  /** Tokens whose logits rose most, and fell most. */
  readonly risen: readonly TokenChange[];
  readonly fallen: readonly TokenChange[];
  readonly continuations?: { readonly before: string; readonly after: string };
}

/** @throws SwitchyardError NO_LANGUAGE_MODEL, NOTHING_STEERED, TEXT_LENGTH, TOKENIZER_UNUSABLE */
export async function steer(input: SteerInput): Promise<SteerResult> {
  const { run, strength, tokens } = input;
  const inspection = requireInspection(run);
  const ids = await inspection.encode(input.prompt);
  const positions = steeredPositions(inspection, ids.length, input.positions);
  const { splice } = steeringSplice(run.tf, await featureDirection(run, input.feature), strength);
  const original = await inspection.nextToken({ ids, splice: { kind: "original" }, positions });
  const steered = await inspection.nextToken({ ids, splice, positions });
  const positionsOf = (length: number): Int32Array =>
    input.positions === "last" ? positions : steeredPositions(inspection, length, "all");
  const before = logProbabilities(original.logits_V);
  const after = logProbabilities(steered.logits_V);
  const change = centred(steered.logits_V.map((logit, v) => logit - original.logits_V[v]!));
  const listed = async (scores: Float64Array): Promise<readonly TokenChange[]> => {
    const ranked = new RankedSlots(1, tokens);
    scores.forEach((score, id) => {
      ranked.offer(0, id, score);
    });
    const found = ranked.of(0).map(({ id }) => id);
    const texts = await inspection.tokenTexts(Int32Array.from(found));
    return found.map((id, i) => ({
      ...{ token: texts[i] ?? "", id },
      ...{ before: Math.exp(before[id]!), after: Math.exp(after[id]!), logitChange: change[id]! },
    }));
  };
  return {
    strength,
    promptTokens: await inspection.tokenTexts(ids),
    steered: [...positions],
    kl: divergence(before, after),
    before: await listed(before),
    after: await listed(after),
    risen: await listed(change),
    fallen: await listed(change.map((value) => -value)),
    ...(input.continuation === undefined
      ? {}
      : { continuations: await continuations({ ...input.continuation, inspection, ids, positionsOf }, splice) }),
  };
}

/** @throws SwitchyardError NO_LANGUAGE_MODEL */
export function requireInspection({ source }: Pick<TrainedRun, "source">): LanguageModelInspection {
  if (source.inspection !== undefined) return source.inspection;
  throw new SwitchyardError("NO_LANGUAGE_MODEL", "The run's source has no language model to steer.", {
    where: "source",
    expected: "a source that brings its language model, such as gpt2",
    next: "Train on such a source.",
  });
}

/**
 * @param length Tokens of the text.
 * @throws SwitchyardError NOTHING_STEERED when it has none that may be steered, TEXT_LENGTH when it is empty
 */
export function steeredPositions(
  { excludedPositions, maxPositions }: Pick<LanguageModelInspection, "excludedPositions" | "maxPositions">,
  length: number,
  which: SteeredPositions,
): Int32Array {
  if (length < 1) {
    throw new SwitchyardError("TEXT_LENGTH", "There is no text to go on from.", {
      expected: `1 to ${maxPositions} tokens`,
      received: "0 tokens",
      next: "Give a text.",
    });
  }
  const wanted = which === "last" ? [length - 1] : Array.from({ length }, (_unused, position) => position);
  const positions = wanted.filter((position) => !excludedPositions.includes(position));
  if (positions.length > 0) return Int32Array.from(positions);
  throw new SwitchyardError("NOTHING_STEERED", "No position of the text can be steered.", {
    expected: "a position that the source does not exclude",
    received: `${length} tokens, excluded positions ${excludedPositions.join(", ")}`,
    next: "Give a longer text.",
  });
}

async function continuations(
  input: Omit<ContinueInput, "splice">,
  splice: Splice,
): Promise<{ readonly before: string; readonly after: string }> {
  const before = await continueText({ ...input, splice: { kind: "original" } });
  const after = await continueText({ ...input, splice });
  return { before: await input.inspection.decode(before), after: await input.inspection.decode(after) };
}
