/**
 * How many features of the dictionary say the same thing as another one. Rows go to one expert only, so experts may
 * have to learn the same feature twice; this splits duplicates into those within an expert and those across experts.
 *
 *   duplicates    = |{i : max_{j != i} cos(decoder_i, decoder_j) > threshold}| / F
 *   same-expert   = the share of features with such a j in their own expert
 *   cross-expert  = the share of features with such a j in another expert
 *
 * A feature may have duplicates of both sorts, so `duplicates` is the union: at most the sum of the other two.
 *
 * Shapes: F features, E experts, M = F/E features an expert.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { Type } from "typebox";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { nearestCosines } from "../../core/evaluation/nearest-rows.ts";
import type { ModelShape } from "../../core/model/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const duplication = definePlugin({
  kind: "evaluator",
  name: "duplication",
  version: "1",
  summary: "Share of features with a near-copy in the dictionary, within and across experts.",
  paper: "Mudide et al. 2024, section 5 (feature geometry)",
  options: Type.Object({
    threshold: Type.Number({
      default: 0.9,
      minimum: -1,
      maximum: 1,
      description: "Cosine between decoder rows above which two features count as duplicates.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ threshold }, { tf: tensorFlow }): Evaluator => {
    const duplicate = `a decoder cosine above ${threshold} to another`;
    return {
      metrics: {
        duplicates: { summary: `Share of features with ${duplicate} feature.`, better: "lower" },
        "same-expert": { summary: `Share of features with ${duplicate} feature of their expert.`, better: "lower" },
        "cross-expert": { summary: `Share of features with ${duplicate} expert's feature.`, better: "lower" },
        "mean-max-cosine": {
          summary: "Mean over features of the largest decoder cosine to any other feature.",
          better: "lower",
        },
      },
      begin: ({ model, shape }) => ({
        finish: async () => {
          // A view of the variable, so that its type is a matrix's.
          const decoder_FD = model.parameters.get("decoder").as2D(shape.features, shape.width);
          try {
            const nearest_FE = await nearestCosines(tensorFlow, decoder_FD, decoder_FD, {
              numGroups: shape.experts,
              excludeSelf: true,
            });
            return summarise(nearest_FE, shape, threshold);
          } finally {
            decoder_FD.dispose();
          }
        },
      }),
    };
  },
});

/** @param nearest_FE Row-major: largest cosine of feature f to the features of expert e; NaN where there is none. */
function summarise(nearest_FE: Float32Array, shape: ModelShape, threshold: number): EvaluationResult {
  const { features, experts, featuresPerExpert } = shape;
  const sums_EE = Array.from({ length: experts }, () => new Float64Array(experts));
  let same = 0;
  let cross = 0;
  let either = 0;
  let largestSum = 0;
  for (let feature = 0; feature < features; feature++) {
    const own = Math.floor(feature / featuresPerExpert);
    let inOwn = false;
    let inOther = false;
    let largest = -1;
    for (let expert = 0; expert < experts; expert++) {
      const cosine = nearest_FE[feature * experts + expert]!;
      sums_EE[own]![expert]! += cosine;
      if (cosine > largest) largest = cosine;
      if (cosine > threshold && expert === own) inOwn = true;
      if (cosine > threshold && expert !== own) inOther = true;
    }
    if (inOwn) same += 1;
    if (inOther) cross += 1;
    if (inOwn || inOther) either += 1;
    largestSum += largest;
  }
  return {
    metrics: {
      duplicates: either / features,
      "same-expert": same / features,
      "cross-expert": cross / features,
      // A dictionary of one feature has no other to compare with.
      ...(features > 1 ? { "mean-max-cosine": largestSum / features } : {}),
    },
    artefacts: { "expert-cosine": sums_EE.map((row) => Array.from(row, (sum) => mean(sum, featuresPerExpert))) },
  };
}

/** Four decimals are enough for a plot; null where an expert of one feature has no other to compare with. */
function mean(sum: number, count: number): number | null {
  return Number.isNaN(sum) ? null : Math.round((sum / count) * 1e4) / 1e4;
}
