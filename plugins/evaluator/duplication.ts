/**
 * How many features of the dictionary say the same thing as another one. Rows go to one expert only, so experts may
 * have to learn the same feature twice; this splits duplicates into those within an expert and those across experts.
 *
 *   duplicates          = |{i : max_{j != i} cos(decoder_i, decoder_j) > threshold}| / F
 *   same-expert         = the share of features with such a j in their own expert
 *   cross-expert        = the share of features with such a j in another expert
 *   effective-features  = number of connected components of the graph of all F features with an edge wherever
 *                         cos(decoder_i, decoder_j) > threshold: what is left when duplicates are merged
 *
 * A feature may have duplicates of both sorts, so `duplicates` is the union: at most the sum of the other two. The
 * plain names belong to `threshold`; the others of `thresholds` have names of their own, "duplicates-at-0-7".
 *
 * Shapes: F features, E experts, M = F/E features an expert, T rows of a tile.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import { Clusters } from "../../core/evaluation/clusters.ts";
import type { EvaluationResult, Evaluator, MetricDescription } from "../../core/evaluation/contracts.ts";
import { nearestCosines } from "../../core/evaluation/nearest-rows.ts";
import type { ModelShape } from "../../core/model/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

/** A threshold with what is added to the names of its metrics. */
interface Level {
  readonly threshold: number;
  readonly suffix: string;
}

export const duplication = definePlugin({
  kind: "evaluator",
  name: "duplication",
  version: "2",
  summary: "Share of features with a near-copy in the dictionary, within and across experts, and what merging leaves.",
  paper: "Mudide et al. 2024, section 5 (feature geometry)",
  options: Type.Object({
    threshold: Type.Number({
      default: 0.9,
      minimum: -1,
      maximum: 1,
      description: "Cosine between decoder rows above which two features count as duplicates.",
    }),
    thresholds: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
      default: [0.7, 0.9, 0.95],
      description: "Further thresholds, whose metrics have the threshold in their name: duplicates-at-0-7.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ threshold, thresholds }, { tf: tensorFlow }): Evaluator => {
    const others = [...new Set(thresholds)].filter((other) => other !== threshold);
    const levels: readonly Level[] = [
      { threshold, suffix: "" },
      ...others.map((other) => ({ threshold: other, suffix: `-at-${String(other).replace(".", "-")}` })),
    ];
    return {
      metrics: {
        ...Object.assign({}, ...levels.map(describe)),
        "mean-max-cosine": {
          summary: "Mean over features of the largest decoder cosine to any other feature.",
          better: "lower",
        },
      } as Readonly<Record<string, MetricDescription>>,
      begin: ({ model, shape }) => ({
        finish: async () => {
          // A view of the variable, so that its type is a matrix's.
          const decoder_FD = model.parameters.get("decoder").as2D(shape.features, shape.width);
          const clusters = levels.map((level) => ({ ...level, merged: new Clusters(shape.features) }));
          try {
            const nearest_FE = await nearestCosines(
              tensorFlow,
              decoder_FD,
              decoder_FD,
              { numGroups: shape.experts, excludeSelf: true },
              async ({ start, cosines_TF }) => {
                mergeDuplicates(await cosines_TF.data<"float32">(), start, clusters);
              },
            );
            const { metrics: similarity, artefacts } = summarise(nearest_FE, shape);
            return {
              metrics: {
                ...Object.assign({}, ...clusters.map((level) => sharesAbove(nearest_FE, shape, level))),
                ...similarity,
              } as Readonly<Record<string, number>>,
              artefacts,
            };
          } finally {
            decoder_FD.dispose();
          }
        },
      }),
    };
  },
});

function describe({ threshold, suffix }: Level): Readonly<Record<string, MetricDescription>> {
  const duplicate = `a decoder cosine above ${threshold} to another`;
  return {
    [`duplicates${suffix}`]: { summary: `Share of features with ${duplicate} feature.`, better: "lower" },
    [`same-expert${suffix}`]: {
      summary: `Share of features with ${duplicate} feature of their expert.`,
      better: "lower",
    },
    [`cross-expert${suffix}`]: { summary: `Share of features with ${duplicate} expert's feature.`, better: "lower" },
    [`effective-features${suffix}`]: {
      summary: `Clusters of features that are linked by decoder cosines above ${threshold}.`,
      unit: "features",
      better: "higher",
    },
  };
}

interface MergedLevel extends Level {
  readonly merged: Clusters;
}

/** @param cosines_TF Cosines of the features from `start` on to all features. */
function mergeDuplicates(cosines_TF: Float32Array, start: number, levels: readonly MergedLevel[]): void {
  const features = levels[0]!.merged.size;
  const lowest = Math.min(...levels.map(({ threshold }) => threshold));
  for (let feature = start, at = 0; at < cosines_TF.length; feature++, at += features) {
    // Every pair comes twice; its second time is enough.
    for (let other = 0; other < feature; other++) {
      const cosine = cosines_TF[at + other]!;
      if (cosine <= lowest) continue;
      for (const { threshold, merged } of levels) if (cosine > threshold) merged.join(feature, other);
    }
  }
}

/** @param nearest_FE Row-major: largest cosine of feature f to the features of expert e; NaN where there is none. */
function sharesAbove(
  nearest_FE: Float32Array,
  { features, experts, featuresPerExpert }: ModelShape,
  { threshold, suffix, merged }: MergedLevel,
): Readonly<Record<string, number>> {
  let same = 0;
  let cross = 0;
  let either = 0;
  for (let feature = 0; feature < features; feature++) {
    const own = Math.floor(feature / featuresPerExpert);
    let inOwn = false;
    let inOther = false;
    for (let expert = 0; expert < experts; expert++) {
      if (!(nearest_FE[feature * experts + expert]! > threshold)) continue;
      if (expert === own) inOwn = true;
      else inOther = true;
    }
    if (inOwn) same += 1;
    if (inOther) cross += 1;
    if (inOwn || inOther) either += 1;
  }
  return {
    [`duplicates${suffix}`]: either / features,
    [`same-expert${suffix}`]: same / features,
    [`cross-expert${suffix}`]: cross / features,
    [`effective-features${suffix}`]: merged.count,
  };
}

/** The mean of the largest cosines, over all features and between every pair of experts. */
function summarise(
  nearest_FE: Float32Array,
  { features, experts, featuresPerExpert }: ModelShape,
): Required<EvaluationResult> {
  const sums_EE = Array.from({ length: experts }, () => new Float64Array(experts));
  let largestSum = 0;
  for (let feature = 0; feature < features; feature++) {
    const own = Math.floor(feature / featuresPerExpert);
    let largest = -1;
    for (let expert = 0; expert < experts; expert++) {
      const cosine = nearest_FE[feature * experts + expert]!;
      sums_EE[own]![expert]! += cosine;
      if (cosine > largest) largest = cosine;
    }
    largestSum += largest;
  }
  return {
    // A dictionary of one feature has no other to compare with.
    metrics: features > 1 ? { "mean-max-cosine": largestSum / features } : {},
    artefacts: { "expert-cosine": sums_EE.map((row) => Array.from(row, (sum) => mean(sum, featuresPerExpert))) },
  };
}

/** Four decimals are enough for a plot; null where an expert of one feature has no other to compare with. */
function mean(sum: number, count: number): number | null {
  return Number.isNaN(sum) ? null : Math.round((sum / count) * 1e4) / 1e4;
}
