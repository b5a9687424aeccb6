/** The squared error in WGSL, one pass each way. */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { sumInto, sumOf } from "../webgpu/sum.ts";
import {
  squaredErrorGradientName,
  squaredErrorName,
  type SquaredErrorGradientInputs,
  type SquaredErrorInputs,
} from "./contract.ts";

const squaredDifferences = sumOf(
  "squaredError",
  { prediction: "f32", target_rows: "f32" },
  "(prediction[i] - target_rows[i]) * (prediction[i] - target_rows[i])",
);

const gradient = defineProgram({
  label: "squaredErrorGradient",
  buffers: { prediction: "f32", target_rows: "f32", loss_gradient: "f32", out_gradient: "out f32" },
  params: { size: "u32", scale: "f32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i < params.size) { out_gradient[i] = params.scale * loss_gradient[0] * (prediction[i] - target_rows[i]); }
    }
  `,
});

export const squaredErrorWebGpu: readonly KernelVersion[] = [
  gpuVersion(squaredErrorName, (memory, { prediction_BD, target_BD }: SquaredErrorInputs) =>
    sumInto(memory, {
      program: squaredDifferences,
      buffers: { prediction: prediction_BD, target_rows: target_BD },
      size: prediction_BD.size,
      result: { scale: 1 / prediction_BD.shape[0] },
    }),
  ),
  gpuVersion(squaredErrorGradientName, (memory, inputs: SquaredErrorGradientInputs) => {
    const { prediction_BD, target_BD, dLoss } = inputs;
    const { size } = prediction_BD;
    const out_BD = memory.allocate(prediction_BD.shape, "float32");
    memory.run(gradient, {
      buffers: { prediction: prediction_BD, target_rows: target_BD, loss_gradient: dLoss, out_gradient: out_BD },
      params: { size, scale: 2 / prediction_BD.shape[0] },
      groups: Math.ceil(size / 256),
    });
    return out_BD;
  }),
];
