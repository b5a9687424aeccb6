/**
 * Whether steering does what the direct logit effect says, and whether features that look alike steer alike: the last
 * positions of held-out contexts, with each subject's decoder row added at the same strength.
 *
 *   change     = logits after - logits before, less their mean over the vocabulary
 *   predicted  = strength * W_U (gain * (d - mean(d))) / scale, less its mean; scale of the unsteered final layer norm
 *
 * Shapes: D width, V vocabulary.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModelInspection, NextToken } from "../data/contracts.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";
import { correlation, divergence, logProbabilities, meanOf } from "./distributions.ts";
import { featureDirection, steeringSplice } from "./feature-direction.ts";
import type { FeatureDirection } from "./feature-direction.ts";
import { centred } from "./logit-effects.ts";
import { RankedSlots } from "./ranked-slots.ts";
import { requireInspection, steeredPositions } from "./steer.ts";
import type { SteeredPositions } from "./steer.ts";

export interface StudySubject {
  readonly feature: number;
  /** What it is to the first subject: "itself", "same expert", "other expert", "random". */
  readonly relation: string;
}

export interface StudyInput {
  readonly run: Pick<TrainedRun, "tf" | "model" | "config" | "source">;
  /** The first one is what the others are compared with. */
  readonly subjects: readonly StudySubject[];
  readonly strength: number;
  readonly positions: SteeredPositions;
  /** Held-out contexts, at most. */
  readonly contexts: number;
  /** Tokens that count as promoted. */
  readonly tokens: number;
}

export interface StudyRow extends StudySubject {
  /** Decoder cosine to the first subject. */
  readonly cosine: number;
  /** Means over the contexts. */
  readonly kl: number;
  /** Logit change of the subject's own promoted tokens. */
  readonly promotedChange: number;
  readonly predictedChange: number;
  /** Between the change and the prediction, over the vocabulary. */
  readonly predictionCorrelation: number;
  /** Between the change and the first subject's, over the vocabulary. */
  readonly effectCorrelation: number;
}

interface Subject extends StudySubject {
  readonly direction: FeatureDirection;
  /** [V] of one unit, centred; not divided by a scale. */
  readonly effect_V: Float64Array;
  readonly promoted: readonly number[];
  readonly measured: Measurement[];
}

type Measurement = Omit<StudyRow, keyof StudySubject | "cosine">;

export interface SteeringStudy {
  /** Contexts that were steered. */
  readonly contexts: number;
  /** In the order of the subjects. */
  readonly rows: readonly StudyRow[];
}

/** @throws SwitchyardError NO_LANGUAGE_MODEL, NO_ROWS when no text was held out, NOTHING_STEERED */
export async function studySteering(input: StudyInput): Promise<SteeringStudy> {
  const { run, strength } = input;
  const inspection = requireInspection(run);
  const numContexts = Math.min(input.contexts, inspection.numContexts);
  if (numContexts < 1) throw noContexts(inspection.numContexts, input.contexts);
  const subjects = await Promise.all(input.subjects.map((subject) => prepare(input, inspection, subject)));
  for (let context = 0; context < numContexts; context++) {
    const ids = inspection.contextIds(context);
    const positions = steeredPositions(inspection, ids.length, input.positions);
    const original = await inspection.nextToken({ ids, splice: { kind: "original" }, positions });
    let first: Float64Array | undefined;
    for (const subject of subjects) {
      const steering = steeringSplice(run.tf, subject.direction, strength);
      const steered = await inspection.nextToken({ ids, splice: steering.splice, positions });
      const change = changeOf(original, steered);
      first ??= change;
      subject.measured.push(measure(subject, { original, steered, change, first, factor: steering.lastFactor() }));
    }
  }
  const [reference] = subjects;
  const rows = subjects.map(({ feature, relation, direction, measured }) => ({
    ...{ feature, relation },
    cosine: cosine(direction.values_D, reference?.direction.values_D ?? direction.values_D),
    ...meansOf(measured),
  }));
  return { contexts: numContexts, rows };
}

async function prepare(
  { run, tokens }: StudyInput,
  inspection: LanguageModelInspection,
  subject: StudySubject,
): Promise<Subject> {
  const direction = await featureDirection(run, subject.feature);
  const row_1D = run.tf.tensor2d(direction.values_D.slice(), [1, direction.values_D.length]);
  const effects_1V: tf.Tensor2D = await inspection.directLogits(row_1D, { foldNorm: true });
  const effect_V = centred(await effects_1V.data());
  run.tf.dispose([row_1D, effects_1V]);
  const ranked = new RankedSlots(1, tokens);
  effect_V.forEach((effect, token) => {
    ranked.offer(0, token, effect);
  });
  return { ...subject, direction, effect_V, promoted: ranked.of(0).map(({ id }) => id), measured: [] };
}

interface Observed {
  readonly original: NextToken;
  readonly steered: NextToken;
  readonly change: Float64Array;
  readonly first: Float64Array;
  /** Units of the direction that were added at the last position. */
  readonly factor: number;
}

function measure({ effect_V, promoted }: Subject, observed: Observed): Measurement {
  const { original, steered, change, first } = observed;
  const factor = observed.factor / original.finalScale;
  return {
    kl: divergence(logProbabilities(original.logits_V), logProbabilities(steered.logits_V)),
    promotedChange: meanOf(promoted.map((token) => change[token]!)),
    predictedChange: meanOf(promoted.map((token) => factor * effect_V[token]!)),
    predictionCorrelation: Math.sign(factor) * correlation(change, effect_V),
    effectCorrelation: correlation(change, first),
  };
}

function changeOf(before: NextToken, after: NextToken): Float64Array {
  return centred(Float64Array.from(after.logits_V, (logit, v) => logit - before.logits_V[v]!));
}

function meansOf(measured: readonly Measurement[]): Measurement {
  const mean = (of: (measurement: Measurement) => number): number => meanOf(measured.map(of));
  return {
    kl: mean(({ kl }) => kl),
    promotedChange: mean(({ promotedChange }) => promotedChange),
    predictedChange: mean(({ predictedChange }) => predictedChange),
    predictionCorrelation: mean(({ predictionCorrelation }) => predictionCorrelation),
    effectCorrelation: mean(({ effectCorrelation }) => effectCorrelation),
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    products += a[i]! * b[i]!;
    squaresA += a[i]! * a[i]!;
    squaresB += b[i]! * b[i]!;
  }
  const scale = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return scale === 0 ? 0 : products / scale;
}

function noContexts(available: number, asked: number): SwitchyardError {
  return new SwitchyardError("NO_ROWS", "There is no held-out text to study steering on.", {
    where: "source: heldOutFraction",
    expected: "at least one held-out context",
    received: `${available} contexts, ${asked} asked for`,
    next: "Raise heldOutFraction, or give more text.",
  });
}
