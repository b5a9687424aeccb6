/**
 * What trains the gate of a gated expert to open for features that help: the error of reconstructing from the gate's
 * own code through the decoder as it stands.
 *
 *   L = mean over rows of ||x - (ReLU(pi_gate) W_dec + b_dec)||^2,    no gradient into W_dec and b_dec
 *
 * @see Rajamanoharan et al. 2024 (arXiv 2404.16014), section 3.2 (L_aux); docs/paper-map.md
 */
import { Type } from "typebox";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { kernelsRef } from "../../core/services.ts";
import { scheduledWeight, weightOptions } from "../../core/training/loss-weight.ts";

export const gateReconstruction = definePlugin({
  kind: "loss",
  name: "gate-reconstruction",
  version: "1",
  summary: "Error of reconstructing from the gate of a gated expert alone.",
  paper: "Rajamanoharan et al. 2024 (arXiv 2404.16014), section 3.2",
  options: Type.Object(
    weightOptions(
      Type.Number({ minimum: 0, default: 1, description: "What the error is multiplied by in the total loss." }),
    ),
  ),
  deps: { kernels: kernelsRef },
  create: (options, { kernels }) => ({
    weight: scheduledWeight(options),
    compute: ({ acts_BD, code: { gateCode }, decode }) => {
      if (gateCode !== undefined) return kernels.squaredError(decode(gateCode, { frozen: true }), acts_BD);
      throw new SwitchyardError("CODE_HAS_NO_TRAIT", "There is no gate to reconstruct from.", {
        where: "losses, gate-reconstruction",
        expected: "the expert gated, or another whose code comes with a gateCode",
        received: "an expert without",
        next: "set model.expert to gated, or remove the loss gate-reconstruction",
      });
    },
  }),
});
