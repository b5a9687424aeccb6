/**
 * What the reconstructions do to the language model that the activations came from: its next-token cross-entropy
 * with the activations left alone, replaced by zeros, and replaced by their reconstructions.
 *
 *   loss-recovered = (CE_sae - CE_zero) / (CE_orig - CE_zero)      1: as good as the original; 0: as bad as zeros
 *   delta-ce       = CE_sae - CE_orig                              nats a token
 *
 * The same definition as dictionary_learning's and SAELens' `ce_loss_score`.
 */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { LanguageModelProbe, Splice } from "../../core/data/contracts.ts";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

const nats = "nats/token";

export const languageModel = definePlugin({
  kind: "evaluator",
  name: "language-model",
  version: "1",
  summary: "Cross-entropy of the language model with reconstructions spliced into its forward pass.",
  paper: "Mudide et al. 2024, section 4.1 (loss recovered)",
  options: Type.Object({
    contexts: Type.Integer({
      default: 64,
      minimum: 1,
      description: "Held-out contexts that the language model reads; fewer when the source has fewer.",
    }),
  }),
  deps: { tf: tensorFlowRef },
  create: ({ contexts }, { tf: tensorFlow }): Evaluator => ({
    metrics: {
      "loss-recovered": {
        summary: "Share of the loss between zero ablation and the original model that the reconstructions recover.",
        better: "higher",
      },
      "delta-ce": { summary: "Cross-entropy added by the reconstructions.", unit: nats, better: "lower" },
      "ce-original": { summary: "Cross-entropy of the untouched model.", unit: nats },
      "ce-zero": { summary: "Cross-entropy with the activations set to zero.", unit: nats },
      "ce-sae": { summary: "Cross-entropy with the activations reconstructed.", unit: nats, better: "lower" },
    },
    begin: ({ model, source }) => ({
      finish: async () => {
        const probe = source.languageModel;
        if (probe === undefined || probe.numContexts === 0) return undefined;
        return measure(probe, contexts, reconstructWith(model, tensorFlow));
      },
    }),
  }),
});

function reconstructWith(model: SparseAutoencoder, tensorFlow: typeof tf): Splice {
  return {
    kind: "replace",
    replace: (acts_ND) => tensorFlow.tidy(() => model.forward(acts_ND).reconstruction_BD),
  };
}

async function measure(probe: LanguageModelProbe, contexts: number, splice: Splice): Promise<EvaluationResult> {
  const original = (await probe.crossEntropy({ kind: "original" }, contexts)).nats;
  const zero = (await probe.crossEntropy({ kind: "zero" }, contexts)).nats;
  const reconstructed = (await probe.crossEntropy(splice, contexts)).nats;
  return {
    metrics: {
      // Where zeros cost nothing there is no loss to recover.
      ...(original === zero ? {} : { "loss-recovered": (reconstructed - zero) / (original - zero) }),
      "delta-ce": reconstructed - original,
      "ce-original": original,
      "ce-zero": zero,
      "ce-sae": reconstructed,
    },
  };
}
