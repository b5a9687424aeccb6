/** The norm of one tensor in C++; a dictionary's gradient is squared row by row without being formed. */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import { recipeOf, rowGradient } from "../native/deferred.ts";
import { normName, type NormInputs } from "./contract.ts";

export const globalNormNative: readonly KernelVersion[] = [
  nativeVersion(normName, (memory, { x }: NormInputs) => {
    const recipe = recipeOf(memory, x);
    const out = memory.allocate([], "float32");
    const squared =
      recipe?.kind === "row-sparse"
        ? memory.addon.rowSparseSquaredNorm(...rowGradient(memory, recipe), null)
        : memory.addon.squaredNorm(x.size, memory.floats(x));
    memory.floats(out)[0] = Math.sqrt(squared);
    return out;
  }),
];
