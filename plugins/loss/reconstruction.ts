/**
 * Squared error of the reconstruction.
 *
 *   L = mean over rows of ||x - x_hat||^2      (sum over the D dimensions)
 *
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 3; amudide/switch_sae trainers/switch.py (l2_loss)
 */
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef } from "../../core/services.ts";

export const reconstruction = definePlugin({
  kind: "loss",
  name: "reconstruction",
  version: "1",
  summary: "Squared error, summed over the dimensions of an activation and averaged over rows.",
  options: Type.Object({
    weight: Type.Number({ minimum: 0, default: 1, description: "What the error is multiplied by in the total loss." }),
  }),
  deps: { kernels: kernelsRef },
  create: ({ weight }, { kernels }) => ({
    weight: () => weight,
    compute: ({ acts_BD, reconstruction_BD }) => kernels.squaredError(reconstruction_BD, acts_BD),
  }),
});
