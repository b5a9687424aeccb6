/** The norm of one tensor in WGSL. */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { sumInto, sumOf } from "../webgpu/sum.ts";
import { normName, type NormInputs } from "./contract.ts";

const squares = sumOf("sumOfSquares", { x: "f32" }, "x[i] * x[i]");

export const globalNormWebGpu: readonly KernelVersion[] = [
  gpuVersion(normName, (memory, { x }: NormInputs) =>
    sumInto(memory, { program: squares, buffers: { x }, size: x.size, result: "root" }),
  ),
];
