/** The norm of one tensor over its typed array: a float64 sum, in four parts in a fixed order. */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { normName, type NormInputs } from "./contract.ts";

export const globalNormHost: readonly KernelVersion[] = [
  hostVersion(normName, (memory, { x }: NormInputs) => {
    const out = memory.allocate([], "float32");
    const values = memory.floats(x);
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let i = 0;
    for (; i + 4 <= values.length; i += 4) {
      s0 += values[i]! ** 2;
      s1 += values[i + 1]! ** 2;
      s2 += values[i + 2]! ** 2;
      s3 += values[i + 3]! ** 2;
    }
    for (; i < values.length; i++) s0 += values[i]! ** 2;
    memory.floats(out)[0] = Math.sqrt(s0 + s1 + (s2 + s3));
    return out;
  }),
];
