/**
 * A switch router that samples: while training, a row's expert is drawn from the router's softmax instead of being
 * its maximum, so that experts other than the favourite are tried; when evaluated it is the maximum.
 *
 *   p = softmax(W_router (x - b_router)),   gate = p[e*]  (heaviside: 1)
 *   training    e* ~ p, as argmax(log p + G) with independent standard Gumbel numbers G
 *   evaluation  e* = argmax p (ties: lower index)
 *
 * The draw itself has no gradient (no straight-through estimate): the gate's is the router's only one from the
 * reconstruction, as in `switch`. Draws come from the run's seed and the step.
 *
 * Shapes: B rows, D width, E experts, S shared experts, R = 1 + S.
 * @see Fedus et al. 2021 (arXiv 2101.03961), appendix C ("sample softmax"); docs/paper-map.md
 */
import { Type } from "typebox";
import { drawMatrix, gumbelDraw, routerStream } from "../../core/model/router-draws.ts";
import { createScoreRouter, oneExpertOptions } from "../../core/model/score-router.ts";
import { ofOneExpert, selectionFacts } from "../../core/model/select-experts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { rngRef, tensorFlowRef } from "../../core/services.ts";

export const stochastic = definePlugin({
  kind: "router",
  name: "stochastic",
  version: "1",
  summary: "Samples every row's expert from the softmax while training; its most probable one when evaluated.",
  paper: "Fedus et al. 2021 (arXiv 2101.03961), appendix C",
  options: Type.Object(oneExpertOptions),
  deps: { tf: tensorFlowRef, rng: rngRef },
  facts: ({ experts, shared }) => selectionFacts({ experts, e: 1, shared }),
  create: ({ gate, ...options }, { tf, rng }) =>
    createScoreRouter(
      tf,
      { ...options, e: 1, gate: ofOneExpert(gate) },
      {
        order: ({ logits_BE, probabilities_BE }, training) => {
          if (training === undefined) return probabilities_BE;
          const stream = routerStream(rng, training);
          return tf.add(
            logits_BE,
            drawMatrix(tf, logits_BE.shape, () => gumbelDraw(stream)),
          );
        },
      },
    ),
});
