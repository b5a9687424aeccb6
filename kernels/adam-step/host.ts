/** The Adam step over typed arrays: one pass over seven streams, each element computed in float64. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { appliedGradient } from "./applied-gradient.ts";
import { adamStepName, type AdamStepAttributes, type AdamStepInputs } from "./contract.ts";

export const adamStepHost: readonly KernelVersion[] = [
  hostVersion(adamStepName, (memory, inputs: AdamStepInputs, attrs: AdamStepAttributes) => {
    const { parameter, first, second } = inputs;
    const gradient = appliedGradient(inputs, attrs);
    const { beta1, beta2, epsilon, stepSize, rootCorrection } = attrs;
    // New memory, not the variables' own: see host-memory.ts.
    const nextParameter = memory.allocate(parameter.shape, "float32");
    const nextFirst = memory.allocate(parameter.shape, "float32");
    const nextSecond = memory.allocate(parameter.shape, "float32");
    const p = memory.floats(parameter);
    const g = memory.floats(gradient);
    const m = memory.floats(first);
    const v = memory.floats(second);
    const pNext = memory.floats(nextParameter);
    const mNext = memory.floats(nextFirst);
    const vNext = memory.floats(nextSecond);
    for (let i = 0; i < p.length; i++) {
      const gi = g[i]!;
      const mi = beta1 * m[i]! + (1 - beta1) * gi;
      const vi = beta2 * v[i]! + (1 - beta2) * gi * gi;
      mNext[i] = mi;
      vNext[i] = vi;
      pNext[i] = p[i]! - (stepSize * mi) / (Math.sqrt(vi) * rootCorrection + epsilon);
    }
    parameter.assign(nextParameter);
    first.assign(nextFirst);
    second.assign(nextSecond);
    return [];
  }),
];
