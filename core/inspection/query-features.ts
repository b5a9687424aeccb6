/** Picks features out of a run's index: by number, expert or what they fire on, in an order, a limited number of them. */
import type { FeatureRecord } from "./feature-record.ts";

/** What features can be ordered by: the number, largest first. */
export const featureOrders = {
  density: (feature: FeatureRecord) => feature.density,
  max: (feature: FeatureRecord) => feature.max,
  mean: (feature: FeatureRecord) => feature.mean,
  cosine: (feature: FeatureRecord) => nearestCosine(feature),
  "cross-cosine": (feature: FeatureRecord) => feature.otherExpert[0]?.cosine ?? Number.NEGATIVE_INFINITY,
  number: (feature: FeatureRecord) => -feature.feature,
} as const;

export type FeatureOrder = keyof typeof featureOrders;

export interface FeatureQuery {
  readonly feature?: number | undefined;
  readonly expert?: number | undefined;
  /** Text that the tokens around an example, or a promoted token, contain; case does not matter. */
  readonly search?: string | undefined;
  readonly order: FeatureOrder;
  /** Smallest first. */
  readonly ascending: boolean;
  /** Features never active are only among the answers when they are asked for by number. */
  readonly withSilent: boolean;
  readonly limit: number;
}

export interface QueryAnswer {
  readonly features: readonly FeatureRecord[];
  /** How many fit the question, shown or not. */
  readonly numFound: number;
}

/** Holds no more than the answer, whatever the number of features. */
export async function queryFeatures(features: AsyncIterable<FeatureRecord>, query: FeatureQuery): Promise<QueryAnswer> {
  const sign = query.ascending ? -1 : 1;
  const key = (feature: FeatureRecord): number => sign * featureOrders[query.order](feature);
  let kept: FeatureRecord[] = [];
  let numFound = 0;
  const trim = (): void => {
    kept = kept.sort((a, b) => key(b) - key(a) || a.feature - b.feature).slice(0, query.limit);
  };
  for await (const feature of features) {
    if (!fits(feature, query)) continue;
    numFound += 1;
    kept.push(feature);
    if (kept.length >= 2 * query.limit + 64) trim();
  }
  trim();
  return { features: kept, numFound };
}

function fits(feature: FeatureRecord, { feature: number, expert, search, withSilent }: FeatureQuery): boolean {
  if (number !== undefined && feature.feature !== number) return false;
  if (expert !== undefined && feature.expert !== expert) return false;
  if (number === undefined && !withSilent && feature.rows === 0) return false;
  return search === undefined || mentions(feature, search.toLowerCase());
}

function mentions({ examples, promoted }: FeatureRecord, text: string): boolean {
  return (
    examples.some(({ tokens }) => tokens?.join("").toLowerCase().includes(text)) ||
    (promoted ?? []).some(({ token }) => token.toLowerCase().includes(text))
  );
}

/** Largest decoder cosine to any other feature. */
export function nearestCosine({ sameExpert, otherExpert }: FeatureRecord): number {
  return Math.max(...[...sameExpert, ...otherExpert].map(({ cosine }) => cosine));
}
