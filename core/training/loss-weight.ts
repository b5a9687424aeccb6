/**
 * The weight of a loss over the steps, the same options for every loss:
 *
 *   weight * min(1, step / warmupSteps) * decay(step),      steps counted from 0
 *   decay(step) = 1 before decayStart * steps, then linearly to 0 at the end
 */
import { Type } from "typebox";
import type { TNumber } from "typebox";

const laterOptions = {
  warmupSteps: Type.Integer({
    minimum: 0,
    default: 0,
    description: "Steps over which the weight grows from 0.",
    "x-hash": "unless-default",
  }),
  decayStart: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description: "Fraction of training.steps after which the weight falls linearly to 0. 1: never.",
    "x-hash": "unless-default",
  }),
};

/** The schema of a loss's options about its weight. @param weight The schema of the weight itself. */
export function weightOptions<W extends TNumber>(weight: W): typeof laterOptions & { readonly weight: W } {
  return { weight, ...laterOptions };
}

export interface WeightOptions {
  readonly weight: number;
  readonly warmupSteps: number;
  readonly decayStart: number;
}

/** The `weight` of a loss with these options. */
export function scheduledWeight({
  weight,
  warmupSteps,
  decayStart,
}: WeightOptions): (step: number, totalSteps: number) => number {
  return (step, totalSteps) => {
    const warmup = step < warmupSteps ? step / warmupSteps : 1;
    const start = decayStart * totalSteps;
    const decay = step < start || start >= totalSteps ? 1 : (totalSteps - step) / (totalSteps - start);
    return weight * warmup * Math.max(0, decay);
  };
}
