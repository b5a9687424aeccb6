/**
 * How many of the features that synthetic activations were made from the dictionary has found.
 *
 *   mean-max-cosine = mean over true directions g of max_j cos(g, decoder_j)              (MMCS)
 *   recovered       = |{g : max_j cos(g, decoder_j) > threshold}| / G
 *
 * Applies to sources that know their ground truth.
 *
 * Shapes: G true features, F features of the dictionary, D width.
 */
import { Type } from "typebox";
import type { Evaluator } from "../../core/evaluation/contracts.ts";
import { nearestCosines } from "../../core/evaluation/nearest-rows.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

export const recovery = definePlugin({
  kind: "evaluator",
  name: "recovery",
  version: "1",
  summary: "Share of the true features of synthetic data that the dictionary contains.",
  paper: "Sharkey et al. 2022 (mean max cosine similarity)",
  options: Type.Object({
    threshold: Type.Number({
      default: 0.9,
      minimum: -1,
      maximum: 1,
      description: "Cosine to a decoder row above which a true feature counts as recovered.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ threshold }, { tf: tensorFlow }): Evaluator => ({
    metrics: {
      "mean-max-cosine": {
        summary: "Mean over true features of the largest cosine to a decoder row.",
        better: "higher",
      },
      recovered: {
        summary: `Share of true features with a decoder row of cosine above ${threshold}.`,
        better: "higher",
      },
    },
    begin: ({ model, shape, source: { groundTruth } }) => ({
      finish: async () => {
        if (groundTruth === undefined || groundTruth.numFeatures === 0) return undefined;
        const { directions, numFeatures } = groundTruth;
        const truth_GD = tensorFlow.tensor2d(directions.slice(), [numFeatures, shape.width]);
        const decoder_FD = model.parameters.get("decoder").as2D(shape.features, shape.width);
        try {
          const nearest_G = await nearestCosines(tensorFlow, truth_GD, decoder_FD);
          const sum = nearest_G.reduce((total, cosine) => total + cosine, 0);
          const found = nearest_G.filter((cosine) => cosine > threshold).length;
          return { metrics: { "mean-max-cosine": sum / numFeatures, recovered: found / numFeatures } };
        } finally {
          truth_GD.dispose();
          decoder_FD.dispose();
        }
      },
    }),
  }),
});
