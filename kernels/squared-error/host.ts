/** The squared error over typed arrays, summed in float64. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import {
  squaredErrorGradientName,
  squaredErrorName,
  type SquaredErrorGradientInputs,
  type SquaredErrorInputs,
} from "./contract.ts";

export const squaredErrorHost: readonly KernelVersion[] = [
  hostVersion(squaredErrorName, (memory, { prediction_BD, target_BD }: SquaredErrorInputs) => {
    const out = memory.allocate([], "float32");
    const prediction = memory.floats(prediction_BD);
    const target = memory.floats(target_BD);
    let sum = 0;
    for (let i = 0; i < prediction.length; i++) {
      const difference = prediction[i]! - target[i]!;
      sum += difference * difference;
    }
    memory.floats(out)[0] = sum / prediction_BD.shape[0];
    return out;
  }),
  hostVersion(squaredErrorGradientName, (memory, inputs: SquaredErrorGradientInputs) => {
    const { prediction_BD, target_BD, dLoss } = inputs;
    const out_BD = memory.allocate(prediction_BD.shape, "float32");
    const prediction = memory.floats(prediction_BD);
    const target = memory.floats(target_BD);
    const scale = (2 * memory.floats(dLoss)[0]!) / prediction_BD.shape[0];
    const out = memory.floats(out_BD);
    for (let i = 0; i < out.length; i++) out[i] = scale * (prediction[i]! - target[i]!);
    return out_BD;
  }),
];
