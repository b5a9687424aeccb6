/**
 * Routes each row to its e best experts by scores with noise of a trained size, so that close calls fall either way
 * while training and the router learns where to explore.
 *
 *   H(x) = W (x - b) + eps * softplus(W_noise (x - b)),   eps ~ N(0, 1), one a row and expert     (eq. 4)
 *   S = the e largest of H (ties: lower index),   gate = softmax of H over S                       (eq. 3, 5)
 *
 * Noise is added while training only, from the run's seed and the step; an evaluated model takes H = W (x - b).
 * W_noise starts at zeros, where the noise has the size softplus(0) = ln 2. W and W_noise are both trained through the
 * gates: the draw eps is a constant to the gradient. The probabilities for losses are the softmax of H over all experts.
 *
 * NOTE(deviation): in the paper W starts at zeros too, so that all experts start alike; here it starts like that of
 * the other routers. The paper's load loss (appendix A) is not part of the router: use `load-balance`.
 *
 * With S shared experts, the last S of the E see every row, with gate 1; the router chooses among the E - S others.
 *
 * Shapes: B rows, D width, E experts, S shared experts, R = e + S experts a row.
 * @see Shazeer et al. 2017 (arXiv 1701.06538), section 2.1, eq. 3-5; docs/paper-map.md
 */
import type * as tensorflow from "@tensorflow/tfjs";
import { Type } from "typebox";
import { linearScores } from "../../core/model/linear-router.ts";
import { drawMatrix, routerStream } from "../../core/model/router-draws.ts";
import { createScoreRouter, severalExpertsOptions } from "../../core/model/score-router.ts";
import { ofSelectedExperts, selectionFacts } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { rngRef, tensorFlowRef } from "../../core/services.ts";

export const noisyTopE = definePlugin({
  kind: "router",
  name: "noisy-top-e",
  version: "1",
  summary: "Sends every row to its e best experts by scores that are noisy while training.",
  paper: "Shazeer et al. 2017 (arXiv 1701.06538), section 2.1",
  options: Type.Object(severalExpertsOptions),
  deps: { tf: tensorFlowRef, rng: rngRef },
  // Twice the scores of other routers: those of the noise's size too.
  facts: (options) => ({ ...selectionFacts(options), scores: 2 * (options.experts - options.shared) }),
  create: ({ gate, ...options }, { tf, rng }) =>
    createScoreRouter(
      tf,
      { ...options, gate: ofSelectedExperts(gate) },
      {
        own: ({ experts, width }) => ({
          noise_weight: { shape: [experts, width], values: new Float32Array(experts * width) },
        }),
        logits: (acts_BD, { noise_weight, ...parameters }, training) => {
          const clean_BE = linearScores(tf, acts_BD, parameters);
          if (training === undefined) return clean_BE;
          const stream = routerStream(rng, training);
          const eps_BE = drawMatrix(tf, clean_BE.shape, () => stream.normal());
          const weight = noise_weight as tensorflow.Tensor;
          const size_BE = tf.softplus(linearScores(tf, acts_BD, { ...parameters, weight }));
          return tf.add(clean_BE, tf.mul(eps_BE, size_BE));
        },
      },
    ),
});
