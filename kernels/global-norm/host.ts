/** The norm of one tensor over its typed array: a float64 sum, in two parts, so that no addition waits for the one before. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { normName, type NormInputs } from "./contract.ts";

export const globalNormHost: readonly KernelVersion[] = [
  hostVersion(normName, (memory, { x }: NormInputs) => {
    const out = memory.allocate([], "float32");
    const values = memory.floats(x);
    let even = 0;
    let odd = 0;
    let i = 0;
    for (; i + 2 <= values.length; i += 2) {
      const x = values[i]!;
      const y = values[i + 1]!;
      even += x * x;
      odd += y * y;
    }
    if (i < values.length) even += values[i]! * values[i]!;
    memory.floats(out)[0] = Math.sqrt(even + odd);
    return out;
  }),
];
