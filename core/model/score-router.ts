/**
 * A router that scores experts linearly and sends each row to those with the largest scores. What plugins differ in is
 * given: how many experts they choose, what else than W (x - b) the scores are made of, and what decides the choice.
 *
 * Shapes: B rows, D width, E experts to choose among.
 * @see docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import type { NamedTensors, ParameterInit, Router, TrainingMoment } from "./contracts.ts";
import { initialiseLinearRouter, linearScores, routerBias, type RouterBias } from "./linear-router.ts";
import {
  expertsOption,
  probabilityGate,
  selectedGate,
  selectedOption,
  selectExperts,
  selectionFacts,
  sharedOption,
  type GateConvention,
  type SelectionCounts,
} from "./select-experts.ts";

/** The options of a router that chooses one expert for each row, shared ones aside. */
export const oneExpertOptions = {
  experts: expertsOption,
  shared: sharedOption,
  gate: probabilityGate,
  bias: routerBias,
};

/** The options of a router that chooses several. */
export const severalExpertsOptions = {
  experts: expertsOption,
  e: selectedOption,
  shared: sharedOption,
  gate: selectedGate,
  bias: routerBias,
};

export interface ScoreRouterOptions extends SelectionCounts {
  readonly gate: GateConvention;
  readonly bias: RouterBias;
}

export interface ScoreRouterParts {
  /** Parameters beside `weight` [E, D] and `input_bias` [D]. */
  readonly own?: (size: {
    readonly experts: number;
    readonly width: number;
  }) => Readonly<Record<string, ParameterInit>>;
  /** [B, E] whose softmax are the probabilities; W (x - b) when left out. */
  readonly logits?: (
    acts_BD: tf.Tensor2D,
    parameters: NamedTensors,
    training: TrainingMoment | undefined,
  ) => tf.Tensor2D;
  /** [B, E] whose largest entries are chosen; the logits when left out. No gradient is taken of it. */
  readonly order?: (
    scores: { readonly logits_BE: tf.Tensor2D; readonly probabilities_BE: tf.Tensor2D },
    training: TrainingMoment | undefined,
  ) => tf.Tensor2D;
}

/** @throws SwitchyardError SELECTED_EXPERTS_TOO_LARGE when there are not e experts left beside the shared ones. */
export function createScoreRouter(
  tensorflow: typeof tf,
  options: ScoreRouterOptions,
  { own = () => ({}), logits, order }: ScoreRouterParts = {},
): Router {
  selectionFacts(options);
  const { e, shared, gate, bias } = options;
  const experts = options.experts - shared;
  return {
    initialise: ({ width }, rng) => {
      const { weight, ...inputBias } = initialiseLinearRouter({ experts, width, bias }, rng);
      return { weight, ...own({ experts, width }), ...inputBias };
    },
    route: (acts_BD, parameters, training) => {
      const logits_BE = logits?.(acts_BD, parameters, training) ?? linearScores(tensorflow, acts_BD, parameters);
      const probabilities_BE = tensorflow.softmax<tf.Tensor2D>(logits_BE);
      const order_BE = order?.({ logits_BE, probabilities_BE }, training) ?? logits_BE;
      return selectExperts(tensorflow, { logits_BE, probabilities_BE, order_BE, e, gate, shared });
    },
  };
}
