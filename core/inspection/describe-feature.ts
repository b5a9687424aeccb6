/** Puts together what is known of one feature, with the tokens around its examples. */
import type { LanguageModelInspection } from "../data/contracts.ts";
import type { ContextLayout } from "./context-layout.ts";
import { rounded } from "./feature-record.ts";
import type { Example, FeatureRecord, Neighbour, TokenEffect } from "./feature-record.ts";
import type { FeatureTally, Place } from "./feature-tally.ts";
import type { LogitEffects } from "./logit-effects.ts";
import type { NearestFeatures } from "./nearest-features.ts";
import type { Ranked } from "./ranked-slots.ts";

export interface DescribeInput {
  readonly feature: number;
  readonly featuresPerExpert: number;
  /** Rows that were looked at. */
  readonly rows: number;
  readonly layout: ContextLayout;
  readonly tally: FeatureTally;
  readonly nearest: NearestFeatures;
  readonly effects: LogitEffects | undefined;
  readonly inspection: LanguageModelInspection | undefined;
}

export async function describeFeature(input: DescribeInput): Promise<FeatureRecord> {
  const { feature, tally, nearest, effects, inspection, layout } = input;
  const expertOf = (id: number): number => Math.floor(id / input.featuresPerExpert);
  const neighbour = ({ id, score }: Ranked): Neighbour => ({
    ...{ feature: id, expert: expertOf(id) },
    cosine: rounded(score),
  });
  const places = tally.places(feature);
  const examples = await Promise.all(places.map((place) => describePlace(place, layout, inspection)));
  return {
    feature,
    expert: expertOf(feature),
    density: rounded(tally.firings(feature) / input.rows),
    rows: tally.firings(feature),
    mean: rounded(tally.mean(feature)),
    max: rounded(places[0]?.value ?? 0),
    sameExpert: nearest.sameExpert(feature).map(neighbour),
    otherExpert: nearest.otherExpert(feature).map(neighbour),
    ...(effects === undefined || inspection === undefined
      ? {}
      : {
          promoted: await tokenEffects(effects.promoted(feature), inspection),
          suppressed: await tokenEffects(effects.suppressed(feature), inspection),
        }),
    examples,
  };
}

async function describePlace(
  { context, position, value, around }: Place,
  { rowPositions }: ContextLayout,
  inspection: LanguageModelInspection | undefined,
): Promise<Example> {
  if (inspection === undefined) return { row: context, activation: rounded(value) };
  const radius = (around.length - 1) / 2;
  const ids = inspection.contextIds(context);
  const from = Math.max(0, position - radius);
  const to = Math.min(ids.length, position + radius + 1);
  const activations = Array.from({ length: to - from }, (_unused, i) =>
    inspection.excludedPositions.includes(from + i) ? null : rounded(around[from + i - position + radius] ?? 0),
  );
  return {
    row: context * rowPositions.length + rowPositions.indexOf(position),
    activation: rounded(value),
    context,
    position,
    tokens: await inspection.tokenTexts(ids.subarray(from, to)),
    at: position - from,
    activations,
  };
}

async function tokenEffects(
  ranked: readonly Ranked[],
  inspection: LanguageModelInspection,
): Promise<readonly TokenEffect[]> {
  const texts = await inspection.tokenTexts(Int32Array.from(ranked, ({ id }) => id));
  return ranked.map(({ id, score }, i) => ({ token: texts[i] ?? "", id, logit: rounded(score) }));
}
