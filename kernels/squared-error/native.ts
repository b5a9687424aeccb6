/** The squared error in C++, one pass each way. */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import {
  squaredErrorGradientName,
  squaredErrorName,
  type SquaredErrorGradientInputs,
  type SquaredErrorInputs,
} from "./contract.ts";

export const squaredErrorNative: readonly KernelVersion[] = [
  nativeVersion(squaredErrorName, (memory, { prediction_BD, target_BD }: SquaredErrorInputs) => {
    const [rows, width] = prediction_BD.shape;
    const out = memory.allocate([], "float32");
    const operands = [memory.floats(prediction_BD), memory.floats(target_BD)] as const;
    memory.floats(out)[0] = memory.addon.squaredError(rows, width, ...operands) / rows;
    return out;
  }),
  nativeVersion(squaredErrorGradientName, (memory, inputs: SquaredErrorGradientInputs) => {
    const { prediction_BD, target_BD, dLoss } = inputs;
    const [rows, width] = prediction_BD.shape;
    const out_BD = memory.allocate([rows, width], "float32");
    const scale = (2 * (memory.floats(dLoss)[0] ?? Number.NaN)) / rows;
    const operands = [memory.floats(prediction_BD), memory.floats(target_BD), memory.floats(out_BD)] as const;
    memory.addon.squaredErrorGradient(scale, rows, width, ...operands);
    return out_BD;
  }),
];
