/**
 * A constant learning rate that falls linearly to 0 over the last part of training, after an optional warm-up.
 *
 *   multiplier(step) = step / warmupSteps                      while step < warmupSteps (steps counted from 0)
 *                    = 1                                       before decayStart * steps
 *                    = (steps - step) / (steps - decayStart * steps)   from there on
 *
 * Symbols: steps is training.steps, the multiplier that of the optimizer's learningRate.
 * @see Mudide et al. 2024 (arXiv 2410.08201); amudide/switch_sae trainers/switch.py (lr_fn); docs/paper-map.md
 */
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const linearDecay = definePlugin({
  kind: "schedule",
  name: "linear-decay",
  version: "1",
  summary: "Keeps the learning rate, then lets it fall linearly to 0.",
  paper: "Mudide et al. 2024 (arXiv 2410.08201), training details",
  options: Type.Object({
    warmupSteps: Type.Integer({
      minimum: 0,
      default: 0,
      description: "Steps over which the rate grows linearly from 0.",
    }),
    decayStart: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.8,
      description: "Fraction of training.steps after which the rate falls. 1: never.",
    }),
  }),
  create: ({ warmupSteps, decayStart }) => ({
    multiplier: (step, totalSteps) => {
      if (step < warmupSteps) return step / warmupSteps;
      const start = decayStart * totalSteps;
      return step < start ? 1 : (totalSteps - step) / (totalSteps - start);
    },
  }),
});
