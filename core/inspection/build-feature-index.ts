/**
 * Looks at every feature of a trained run: one pass over the held-out contexts for what it responds to, one over the
 * dictionary for its neighbours, one through the unembedding for what it says. Works for every router and expert.
 *
 * Shapes: B rows of a batch, P rows a context, F features, D width, M features an expert.
 */
import { visitActiveFeatures } from "../evaluation/active-features.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";
import { contextLayout } from "./context-layout.ts";
import type { ContextLayout } from "./context-layout.ts";
import { describeFeature } from "./describe-feature.ts";
import type { FeatureIndexInfo, FeatureRecord, FeatureSettings } from "./feature-record.ts";
import { FeatureTally } from "./feature-tally.ts";
import { forwardCode } from "./forward-code.ts";
import { logitEffects } from "./logit-effects.ts";
import { nearestFeatures } from "./nearest-features.ts";

export interface FeatureIndex {
  readonly info: FeatureIndexInfo;
  /** In the order of features; made as they are asked for. */
  records(): AsyncGenerator<FeatureRecord>;
}

export type IndexProgress = (done: number, total: number, what: string) => void;

/**
 * @throws SwitchyardError NO_HELD_OUT_ROWS, METRIC_NOT_FINITE when an activation is NaN or infinite
 */
export async function buildFeatureIndex(
  run: TrainedRun,
  settings: FeatureSettings,
  onProgress: IndexProgress = () => undefined,
): Promise<FeatureIndex> {
  const { model, source, tf: tensorFlow } = run;
  const { features, featuresPerExpert, experts, width } = model.shape;
  const { inspection } = source;
  const layout = contextLayout(source, settings.rows ?? Number.POSITIVE_INFINITY);
  const tally = await tallyActivations(run, layout, settings, onProgress);
  const decoder_FD = model.parameters.get("decoder").as2D(features, width);
  try {
    onProgress(0, features, "comparing features");
    const nearest = await nearestFeatures(tensorFlow, decoder_FD, { featuresPerExpert, count: settings.neighbours });
    const effects =
      inspection === undefined
        ? undefined
        : await logitEffects({
            ...{ tf: tensorFlow, inspection, decoder_FD },
            ...{ foldNorm: settings.foldNorm, count: settings.tokens },
            onProgress: (done) => {
              onProgress(done, features, "projecting features onto tokens");
            },
          });
    const rows = layout.numContexts * layout.rowPositions.length;
    const silent = Array.from({ length: features }, (_unused, f) => tally.firings(f)).filter((n) => n === 0).length;
    return {
      info: {
        ...{ format: 1, run: run.record.id, step: run.step, settings, features, experts, silent, rows },
        hasText: inspection !== undefined,
      },
      async *records() {
        for (let feature = 0; feature < features; feature++) {
          yield describeFeature({ feature, featuresPerExpert, rows, layout, tally, nearest, effects, inspection });
        }
      },
    };
  } finally {
    decoder_FD.dispose();
  }
}

async function tallyActivations(
  run: TrainedRun,
  { rowPositions, numContexts }: ContextLayout,
  settings: FeatureSettings,
  onProgress: IndexProgress,
): Promise<FeatureTally> {
  const { model, source } = run;
  const { features, featuresPerExpert, width } = model.shape;
  const radius = source.inspection === undefined ? 0 : settings.radius;
  const tally = new FeatureTally({ features, slots: settings.examples, radius });
  const P = rowPositions.length;
  const batchContexts = Math.max(1, Math.floor(run.config.evaluation.batchSize / P));
  const buffer = new Float32Array(Math.min(batchContexts, numContexts) * P * width);
  for (let first = 0; first < numContexts; first += batchContexts) {
    const count = Math.min(batchContexts, numContexts - first);
    await source.heldOut.read(first * P, count * P, buffer);
    const code = forwardCode(run, buffer, count * P);
    let context = 0;
    await visitActiveFeatures(code.code, featuresPerExpert, (row, feature, value) => {
      const itsContext = Math.floor(row / P);
      for (; context < itsContext; context++) tally.endContext(first + context);
      tally.add(feature, rowPositions[row % P] ?? 0, value);
    });
    for (; context < count; context++) tally.endContext(first + context);
    code.dispose();
    onProgress(first + count, numContexts, "reading held-out contexts");
  }
  return tally;
}
