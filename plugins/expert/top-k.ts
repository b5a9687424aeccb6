/**
 * Keeps the k largest positive pre-activations of a row, over all experts that it is routed to together.
 *
 *   f = TopK_k(gate * ReLU(W_enc (x - b_dec) + b_enc))
 *
 * One fused kernel does it, so the [B, R, M] pre-activations never exist.
 * @see Gao et al. 2024 (arXiv 2406.04093), section 2.3; docs/paper-map.md
 */
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const topK = definePlugin({
  kind: "expert",
  name: "top-k",
  version: "1",
  summary: "Keeps the k largest activations of each row and drops the rest.",
  paper: "Gao et al. 2024 (arXiv 2406.04093), section 2.3",
  options: Type.Object({
    k: Type.Integer({
      minimum: 1,
      description: "Active features of a row; at most the features of the experts that a row is routed to.",
    }),
  }),
  facts: ({ k }) => ({ activeFeatures: k }),
  create: ({ k }) => ({ encode: (context) => context.topK(k) }),
});
