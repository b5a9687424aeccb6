/** PyTorch's Adam (torch.optim.Adam, amsgrad off, no weight decay), written from its documentation, in float64. */
import type { Numbers } from "./dimensions.ts";

export interface Adam64 {
  readonly parameter: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Steps done. */
  step: number;
}

export interface Adam64Options {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export function createAdam64(parameter: Numbers): Adam64 {
  const { length } = parameter;
  return {
    parameter: Float64Array.from(parameter),
    first: new Float64Array(length),
    second: new Float64Array(length),
    step: 0,
  };
}

export function adamStep64(state: Adam64, gradient: Numbers, options: Adam64Options): void {
  const { learningRate, beta1, beta2, epsilon } = options;
  state.step += 1;
  for (let i = 0; i < state.parameter.length; i++) {
    state.first[i] = beta1 * state.first[i]! + (1 - beta1) * gradient[i]!;
    state.second[i] = beta2 * state.second[i]! + (1 - beta2) * gradient[i]! * gradient[i]!;
    const unbiasedFirst = state.first[i]! / (1 - beta1 ** state.step);
    const unbiasedSecond = state.second[i]! / (1 - beta2 ** state.step);
    state.parameter[i]! -= (learningRate * unbiasedFirst) / (Math.sqrt(unbiasedSecond) + epsilon);
  }
}
