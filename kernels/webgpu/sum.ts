/**
 * Sums over whole tensors in two rounds: every workgroup sums a part, joined in a fixed order; one workgroup sums those. Short
 * sums of sums, so the error of float32 stays small.
 */
import type * as tf from "@tensorflow/tfjs";
import type { GpuMemory } from "./contracts.ts";
import { defineProgram, entryPoint, type GpuProgram } from "./program.ts";
import { joinSums, rowThreads } from "./joining.ts";

/** Numbers of a thread in the first round. */
const numbersOfThread = 32;

/**
 * A program that sums `term` over `i` below `params.size`.
 * @param buffers The operands of the term.
 */
export function sumOf<const Name extends string>(
  label: string,
  buffers: Readonly<Record<Name, "f32">>,
  term: string,
): GpuProgram<Name | "out_parts", "size"> {
  return {
    label,
    buffers: { ...buffers, out_parts: "out f32" },
    params: { size: "u32" },
    uses: [joinSums],
    code: /* wgsl */ `
      ${entryPoint(rowThreads)} {
        let part = group_index(id, groups);
        let start = part * ${rowThreads * numbersOfThread}u + lane;
        var own = 0.0;
        for (var j = 0u; j < ${numbersOfThread}u; j++) {
          let i = start + j * ${rowThreads}u;
          if (i < params.size) { own += ${term}; }
        }
        let sum = join_sums(lane, own);
        if (lane == 0u && part * ${rowThreads * numbersOfThread}u < params.size) { out_parts[part] = sum; }
      }
    `,
  };
}

const finishPlain = finish("finishSum", "sum * params.scale");
const finishRoot = finish("finishRoot", "sqrt(sum)");

function finish(label: string, result: string): GpuProgram<"parts" | "out_sum", "count" | "scale"> {
  return defineProgram({
    label,
    buffers: { parts: "f32", out_sum: "out f32" },
    params: { count: "u32", scale: "f32" },
    uses: [joinSums],
    code: /* wgsl */ `
      @compute @workgroup_size(${rowThreads})
      fn main(@builtin(local_invocation_index) lane: u32) {
        var own = 0.0;
        for (var i = lane; i < params.count; i += ${rowThreads}u) { own += parts[i]; }
        let sum = join_sums(lane, own);
        if (lane == 0u) { out_sum[0] = ${result}; }
      }
    `,
  });
}

export interface SumCall<Name extends string> {
  readonly program: GpuProgram<Name | "out_parts", "size">;
  readonly buffers: Readonly<Record<Name, tf.TensorInfo>>;
  readonly size: number;
  /** What becomes of the sum: its product with a number, or its square root. */
  readonly result: { readonly scale: number } | "root";
}

/** @returns A scalar. */
export function sumInto<Name extends string>(
  memory: GpuMemory,
  { program, buffers, size, result }: SumCall<Name>,
): tf.Tensor {
  const numParts = Math.ceil(size / (rowThreads * numbersOfThread));
  const parts = memory.scratch(numParts, "float32");
  const out = memory.allocate([], "float32");
  memory.run(program, {
    buffers: { ...buffers, out_parts: parts },
    params: { size },
    groups: numParts,
  });
  memory.run(result === "root" ? finishRoot : finishPlain, {
    buffers: { parts, out_sum: out },
    params: { count: numParts, scale: result === "root" ? 1 : result.scale },
    groups: 1,
  });
  return out;
}
