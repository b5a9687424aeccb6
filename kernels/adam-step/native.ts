/**
 * The Adam step in C++, where the parameter and its moments lie. A dictionary's gradient that was never formed is
 * formed, projected and consumed row by row.
 */
import type * as tf from "@tensorflow/tfjs";
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import type { AdamConstants } from "../native/addon.ts";
import { recipeOf, rowGradient } from "../native/deferred.ts";
import type { NativeMemory } from "../native/memory.ts";
import { scaledGradient } from "./applied-gradient.ts";
import { adamStepName, type AdamStepAttributes, type AdamStepInputs } from "./contract.ts";

export const adamStepNative: readonly KernelVersion[] = [
  nativeVersion(adamStepName, (memory, inputs: AdamStepInputs, attrs: AdamStepAttributes) => {
    const { parameter, first, second } = inputs;
    const gradient = scaledGradient(inputs);
    const { beta1, beta2, epsilon, stepSize, rootCorrection } = attrs;
    const constants: AdamConstants = [beta1, beta2, epsilon, stepSize, rootCorrection];
    const recipe = recipeOf(memory, gradient);
    const [p, m, v] = [memory.updated(parameter), memory.updated(first), memory.updated(second)] as const;
    if (recipe?.kind === "row-sparse") {
      const pairs = rowGradient(memory, recipe, { isProjected: attrs.acrossRows === 1 });
      memory.addon.adamRows(...constants, ...pairs, p, m, v);
    } else if (attrs.acrossRows === 1) {
      const across = projected(memory, gradient, parameter);
      memory.addon.adam(...constants, parameter.size, across, p, m, v);
      memory.recycle(across);
    } else {
      memory.addon.adam(...constants, parameter.size, memory.floats(gradient), p, m, v);
    }
    return [];
  }),
];

/** The gradient without its component along the parameter's rows. */
function projected(memory: NativeMemory, gradient: tf.Tensor, parameter: tf.Variable): Float32Array {
  const [rows = 1, width = 1] = parameter.shape;
  const out = memory.allocateFloats(parameter.size);
  memory.addon.removeParallelComponent(rows, width, memory.floats(gradient), memory.floats(parameter), out);
  return out;
}
