/**
 * What the reconstructions do to the language model that the activations came from, when they take the place of the
 * activations in its forward pass. Set against two ablations, which replace every activation by zeros or by the mean
 * of the evaluated held-out rows.
 *
 *   loss-recovered       = (CE_sae - CE_zero) / (CE_orig - CE_zero)      1: as good as the original; 0: as bad as zeros
 *   loss-recovered-mean  = the same with CE_mean for CE_zero
 *   delta-ce             = CE_sae - CE_orig                              nats a token
 *   kl-sae               = mean over tokens of KL(p_orig || p_sae)       nats a token; likewise kl-zero, kl-mean
 *   kl-score             = (KL_zero - KL_sae) / KL_zero
 *
 * loss-recovered is dictionary_learning's `frac_recovered` and SAELens' `ce_loss_score`, kl-score its `kl_div_score`.
 *
 * Shapes: B rows of a batch, N rows of a splice, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { LanguageModelProbe, Splice } from "../../core/data/contracts.ts";
import type { EvaluationResult, Evaluator } from "../../core/evaluation/contracts.ts";
import { Variation } from "../../core/evaluation/variation.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { tensorFlowRef } from "../../core/services.ts";

const nats = "nats/token";

export const languageModel = definePlugin({
  kind: "evaluator",
  name: "language-model",
  version: "2",
  summary: "Cross-entropy and divergence of the language model with reconstructions spliced into its forward pass.",
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
      "loss-recovered-mean": {
        summary: "Share of the loss between mean ablation and the original model that the reconstructions recover.",
        better: "higher",
      },
      "delta-ce": { summary: "Cross-entropy added by the reconstructions.", unit: nats, better: "lower" },
      "ce-original": { summary: "Cross-entropy of the untouched model.", unit: nats },
      "ce-zero": { summary: "Cross-entropy with the activations set to zero.", unit: nats },
      "ce-mean": { summary: "Cross-entropy with the activations set to the mean of the held-out rows.", unit: nats },
      "ce-sae": { summary: "Cross-entropy with the activations reconstructed.", unit: nats, better: "lower" },
      "kl-score": {
        summary: "Share of the divergence of zero ablation that the reconstructions avoid; 1 is the original model.",
        better: "higher",
      },
      "kl-zero": { summary: "KL(original || activations set to zero).", unit: nats },
      "kl-mean": { summary: "KL(original || activations set to their mean).", unit: nats },
      "kl-sae": { summary: "KL(original || activations reconstructed).", unit: nats, better: "lower" },
    },
    begin: ({ model, shape: { width }, source: { languageModel: probe } }) => {
      if (probe === undefined || probe.numContexts === 0) return { finish: () => undefined };
      const rows = new Variation(width);
      return {
        observe: async ({ acts_BD }) => {
          const acts = await acts_BD.data();
          for (let start = 0; start < acts.length; start += width) rows.add((d) => acts[start + d] ?? Number.NaN);
        },
        finish: () =>
          measure(probe, contexts, {
            mean: replaceByRow(Float32Array.from(rows.mean_D()), tensorFlow),
            sae: reconstructWith(model, tensorFlow),
          }),
      };
    },
  }),
});

function reconstructWith(model: SparseAutoencoder, tensorFlow: typeof tf): Splice {
  return {
    kind: "replace",
    replace: (acts_ND) => tensorFlow.tidy(() => model.forward(acts_ND).reconstruction_BD),
  };
}

function replaceByRow(row_D: Float32Array, tensorFlow: typeof tf): Splice {
  return {
    kind: "replace",
    replace: ({ shape: [numRows] }) =>
      tensorFlow.tidy(() => tensorFlow.tile(tensorFlow.tensor2d(row_D.slice(), [1, row_D.length]), [numRows, 1])),
  };
}

async function measure(
  probe: LanguageModelProbe,
  contexts: number,
  splices: { readonly mean: Splice; readonly sae: Splice },
): Promise<EvaluationResult> {
  const { originalNats: original, effects } = await probe.measure(
    [{ kind: "zero" }, splices.mean, splices.sae],
    contexts,
  );
  const [zero, mean, sae] = effects;
  if (zero === undefined || mean === undefined || sae === undefined) {
    throw new RangeError(`the language model measured ${effects.length} of 3 splices`);
  }
  return {
    metrics: {
      // Where an ablation costs nothing there is no loss to recover.
      ...(original === zero.nats ? {} : { "loss-recovered": (sae.nats - zero.nats) / (original - zero.nats) }),
      ...(original === mean.nats ? {} : { "loss-recovered-mean": (sae.nats - mean.nats) / (original - mean.nats) }),
      "delta-ce": sae.nats - original,
      "ce-original": original,
      "ce-zero": zero.nats,
      "ce-mean": mean.nats,
      "ce-sae": sae.nats,
      ...(zero.kl === 0 ? {} : { "kl-score": (zero.kl - sae.kl) / zero.kl }),
      "kl-zero": zero.kl,
      "kl-mean": mean.kl,
      "kl-sae": sae.kl,
    },
  };
}
