/** Sparse gather-dot in C++. */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import { sparseGatherDotName, type SparseGatherDotInputs } from "./contract.ts";

export const sparseGatherDotNative: readonly KernelVersion[] = [
  nativeVersion(sparseGatherDotName, (memory, { indices_BK, weights_FD, rows_BD }: SparseGatherDotInputs) => {
    const [rows, active] = indices_BK.shape;
    const [features, width] = weights_FD.shape;
    const out_BK = memory.allocate([rows, active], "float32");
    memory.addon.sparseGatherDot(
      ...([rows, width, features, active, memory.ints(indices_BK)] as const),
      ...([memory.floats(weights_FD), memory.floats(rows_BD), memory.floats(out_BK)] as const),
    );
    return out_BK;
  }),
];
