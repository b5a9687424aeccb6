/**
 * A constant learning rate, after an optional linear warm-up.
 *
 *   multiplier(step) = step / warmupSteps   while step < warmupSteps (steps counted from 0),   then 1
 *
 * The very first step of a warm-up has rate 0, as in the reference implementations.
 * Symbols: the multiplier is that of the optimizer's learningRate.
 * @see saprmarks/dictionary_learning trainers/trainer.py, get_lr_schedule
 */
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const constant = definePlugin({
  kind: "schedule",
  name: "constant",
  version: "1",
  summary: "Keeps the learning rate, after an optional warm-up.",
  options: Type.Object({
    warmupSteps: Type.Integer({
      minimum: 0,
      default: 0,
      description: "Steps over which the rate grows linearly from 0.",
    }),
  }),
  create: ({ warmupSteps }) => ({
    multiplier: (step) => (step < warmupSteps ? step / warmupSteps : 1),
  }),
});
