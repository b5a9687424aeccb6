/** Features as features.jsonl holds them, for tests of what reads them. */
import type { Example, FeatureIndexInfo, FeatureRecord } from "../../../core/inspection/feature-record.ts";
import { defaultFeatureSettings } from "../../../core/inspection/feature-record.ts";

export function featureRecord(feature: number, change: Partial<FeatureRecord> = {}): FeatureRecord {
  return {
    ...{ feature, expert: Math.floor(feature / 4), density: 0.1, rows: 10, mean: 1, max: 2 },
    ...{ sameExpert: [], otherExpert: [], examples: [] },
    ...change,
  };
}

/** @param tokens The one that it fires on in [[ ]]. */
export function exampleOf(tokens: readonly string[], activation = 2): Example {
  const at = tokens.findIndex((token) => token.startsWith("[["));
  return {
    ...{ row: 3, activation, context: 0, position: at + 5, at },
    tokens: tokens.map((token) => token.replace(/^\[\[|\]\]$/g, "")),
    activations: tokens.map((_token, i) => (i === at ? activation : 0)),
  };
}

export function infoOf(change: Partial<FeatureIndexInfo> = {}): FeatureIndexInfo {
  return {
    ...{ format: 1, run: "0123456789ab", step: 12, settings: defaultFeatureSettings },
    ...{ features: 8, experts: 2, silent: 1, rows: 100, hasText: true },
    ...change,
  };
}
