/** Features of a run for the report: a sample that stands for all experts, in a bounded number of bytes. */
import { readFeatureInfo, readFeatures } from "../../inspection/feature-file.ts";
import type { FeatureIndexInfo, FeatureRecord } from "../../inspection/feature-record.ts";
import type { RunSummary } from "../../run/run-summary.ts";

export interface FeatureSample {
  /** Of the run. */
  readonly name: string;
  readonly info: Pick<FeatureIndexInfo, "features" | "experts" | "silent" | "rows">;
  readonly features: readonly FeatureRecord[];
}

export interface SampleLimits {
  /** Features of a run. */
  readonly features: number;
  /** Of all runs together, as JSON. */
  readonly bytes: number;
}

export const defaultSampleLimits: SampleLimits = { features: 200, bytes: 1_500_000 };

const mostExamples = 4;
const mostTokens = 5;

/**
 * Runs whose features were looked at, each with every n-th of its active features.
 * @throws SwitchyardError RUN_FOLDER_BROKEN
 */
export async function sampleFeatures(
  runs: readonly RunSummary[],
  limits: SampleLimits = defaultSampleLimits,
): Promise<readonly FeatureSample[]> {
  const indexed = runs.flatMap((run) => {
    const info = readFeatureInfo(run.folder);
    return info === undefined || limits.features === 0 ? [] : [{ run, info }];
  });
  const samples: FeatureSample[] = [];
  for (const { run, info } of indexed) {
    const { features, experts, silent, rows } = info;
    const every = Math.max(1, Math.ceil((features - silent) / limits.features));
    const taken: FeatureRecord[] = [];
    let numActive = 0;
    for await (const feature of readFeatures(run.folder)) {
      if (feature.rows > 0 && numActive++ % every === 0) taken.push(shortened(feature));
    }
    const fitting = fitted(taken, Math.floor(limits.bytes / indexed.length));
    samples.push({ name: run.name, info: { features, experts, silent, rows }, features: fitting });
  }
  return samples;
}

function shortened(feature: FeatureRecord): FeatureRecord {
  const { promoted, suppressed } = feature;
  return {
    ...feature,
    sameExpert: feature.sameExpert.slice(0, 1),
    otherExpert: feature.otherExpert.slice(0, 1),
    ...(promoted === undefined ? {} : { promoted: promoted.slice(0, mostTokens) }),
    ...(suppressed === undefined ? {} : { suppressed: suppressed.slice(0, mostTokens) }),
    examples: feature.examples.slice(0, mostExamples),
  };
}

/** Every n-th, so that what is left fits. */
function fitted(features: readonly FeatureRecord[], bytes: number): readonly FeatureRecord[] {
  const size = Buffer.byteLength(JSON.stringify(features));
  if (size <= bytes) return features;
  const every = Math.ceil(size / bytes);
  const fewer = features.filter((_feature, i) => i % every === 0);
  return fewer.length === features.length || fewer.length <= 1 ? fewer.slice(0, 1) : fitted(fewer, bytes);
}
