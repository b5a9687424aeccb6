/**
 * What one unit of a feature adds to an activation, in the activations' own scale. A model may see its activations
 * normalised (`model.normaliseActivations`); what its decoder writes is undone as its reconstruction is:
 *
 *   none                     d
 *   expected-average-norm    d / s
 *   layer-norm               d (std(x) + 1e-5), std of the row that it is added to, over D - 1
 *
 * Shapes: N rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Splice } from "../data/contracts.ts";
import { activationScale } from "../model/normalise-activations.ts";
import type { TrainedRun } from "../run/open-trained-run.ts";

export interface FeatureDirection {
  /** [D] */
  readonly values_D: Float32Array;
  /** Whether a row's own deviation multiplies it. */
  readonly perDeviation: boolean;
}

const layerNormEpsilon = 1e-5;

export async function featureDirection(
  { tf: tensorFlow, model, config }: Pick<TrainedRun, "tf" | "model" | "config">,
  feature: number,
): Promise<FeatureDirection> {
  const { parameters, shape } = model;
  const row = tensorFlow.tidy(() => {
    const decoded = tensorFlow.slice(parameters.get("decoder"), [feature, 0], [1, shape.width]);
    return parameters.has(activationScale) ? tensorFlow.div(decoded, parameters.get(activationScale)) : decoded;
  });
  const values = await row.data<"float32">();
  row.dispose();
  return { values_D: values.slice(), perDeviation: config.model.normaliseActivations === "layer-norm" };
}

export interface Steering {
  readonly splice: Splice;
  /** What multiplied the direction at the last row that was spliced; `strength` where rows are alike. */
  lastFactor(): number;
}

/** Adds `strength` units of the feature to every spliced row. */
export function steeringSplice(
  tensorFlow: typeof tf,
  { values_D, perDeviation }: FeatureDirection,
  strength: number,
): Steering {
  let lastFactor = strength;
  const replace = (acts_ND: tf.Tensor2D): tf.Tensor2D =>
    tensorFlow.tidy(() => {
      const step_D = tensorFlow.mul<tf.Tensor1D>(tensorFlow.tensor1d(values_D.slice()), strength);
      if (!perDeviation) return tensorFlow.add(acts_ND, step_D);
      const deviation_N1 = deviations(tensorFlow, acts_ND);
      lastFactor = strength * (deviation_N1.dataSync().at(-1) ?? 1);
      return tensorFlow.add(acts_ND, tensorFlow.mul(deviation_N1, step_D));
    });
  return { splice: { kind: "replace", replace }, lastFactor: () => lastFactor };
}

/** [N, 1] */
function deviations(tensorFlow: typeof tf, acts_ND: tf.Tensor2D): tf.Tensor2D {
  const width = acts_ND.shape[1];
  const centred_ND = tensorFlow.sub(acts_ND, tensorFlow.mean(acts_ND, 1, true));
  const squares_N1 = tensorFlow.sum<tf.Tensor2D>(tensorFlow.square(centred_ND), 1, true);
  const deviation_N1 = tensorFlow.sqrt(tensorFlow.div<tf.Tensor2D>(squares_N1, Math.max(1, width - 1)));
  return tensorFlow.add(deviation_N1, layerNormEpsilon);
}
