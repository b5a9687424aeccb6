/**
 * BatchTopK whose reconstruction must work from nested prefixes of every expert alone: the first features learn what
 * is general, later ones what is special. The loss `reconstruction` then is
 *
 *   L = sum_g weight_g * error of the reconstruction from the features of groups 0 .. g
 *
 * Groups are fractions of an expert's M features, so with one expert they are fractions of the dictionary.
 * NOTE(deviation): dictionary_learning multiplies by its group weights (1/G each) and then takes the mean over groups;
 * weights of 1/G^2 reproduce it.
 *
 * Shapes: M features an expert, G groups.
 * @see Bussmann et al. 2025 (arXiv 2503.17547), section 3; saprmarks/dictionary_learning
 *   trainers/matryoshka_batch_top_k.py; docs/paper-map.md
 */
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { annealingOptions } from "../../core/model/anneal-k.ts";
import { createBatchTopK } from "../../core/model/batch-top-k-expert.ts";
import type { NestedPrefix } from "../../core/model/contracts.ts";
import { thresholdOptions } from "../../core/model/inference-threshold.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

/** Fractions are written with a few digits. */
const tolerance = 1e-6;

export const matryoshkaBatchTopK = definePlugin({
  kind: "expert",
  name: "matryoshka-batch-top-k",
  version: "1",
  summary: "BatchTopK whose nested prefixes each reconstruct on their own.",
  paper: "Bussmann et al. 2025 (arXiv 2503.17547), section 3",
  options: Type.Object({
    k: Type.Integer({ minimum: 1, description: "Active features of a row on average." }),
    groups: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), {
      minItems: 1,
      default: [0.0625, 0.125, 0.25, 0.5625],
      description: "Fraction of an expert's features in each group; they sum to 1.",
    }),
    groupWeights: Type.Union([Type.Array(Type.Number({ minimum: 0 })), Type.Null()], {
      default: null,
      description: "What the error of each prefix weighs; null: 1/G each.",
    }),
    ...annealingOptions,
    ...thresholdOptions,
  }),
  deps: { tf: tensorFlowRef },
  facts: ({ k, groups, groupWeights }) => {
    checkGroups(groups, groupWeights);
    return { meanActiveFeatures: k };
  },
  create: (options, { tf }) => {
    const expert = createBatchTopK(tf, options);
    return {
      ...expert,
      encode: (context) => ({
        ...expert.encode(context),
        prefixes: nestedPrefixes(options, context.shape.featuresPerExpert),
      }),
    };
  },
});

/** All groups but the last are rounded down; the last takes the rest. */
function nestedPrefixes(
  { groups, groupWeights }: { readonly groups: readonly number[]; readonly groupWeights: readonly number[] | null },
  featuresPerExpert: number,
): readonly NestedPrefix[] {
  let end = 0;
  return groups.map((fraction, g) => {
    end = g === groups.length - 1 ? featuresPerExpert : end + Math.floor(fraction * featuresPerExpert);
    return { featuresPerExpert: end, weight: groupWeights?.[g] ?? 1 / groups.length };
  });
}

function checkGroups(groups: readonly number[], weights: readonly number[] | null): void {
  const sum = groups.reduce((total, fraction) => total + fraction, 0);
  if (Math.abs(sum - 1) > tolerance) {
    throw new SwitchyardError("MATRYOSHKA_GROUPS", "The groups of the dictionary do not make up the whole.", {
      where: "model.expert.groups",
      expected: "fractions that sum to 1",
      received: `a sum of ${sum}`,
      next: "change the fractions; the last group is what the others leave",
    });
  }
  if (weights !== null && weights.length !== groups.length) {
    throw new SwitchyardError("MATRYOSHKA_GROUPS", "There is not one weight for each group of the dictionary.", {
      where: "model.expert.groupWeights",
      expected: `${groups.length} weights`,
      received: `${weights.length}`,
      next: "give one weight a group, or null for equal ones",
    });
  }
}
