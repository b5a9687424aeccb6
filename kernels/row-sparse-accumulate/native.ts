/**
 * Row-sparse accumulate in C++. The dictionary's gradients are deferred: the norm and Adam take the pairs, and the dense
 * gradient is formed only for somebody who reads it.
 */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import { defer, rowGradient } from "../native/deferred.ts";
import { deferredName } from "../tape.ts";
import {
  rowSparseAccumulateName,
  type RowSparseAccumulateAttributes,
  type RowSparseAccumulateInputs,
} from "./contract.ts";

export const rowSparseAccumulateNative: readonly KernelVersion[] = [
  nativeVersion(
    rowSparseAccumulateName,
    (memory, inputs: RowSparseAccumulateInputs, { numFeatures }: RowSparseAccumulateAttributes) => {
      const shape = [numFeatures, inputs.rows_BD.shape[1]] as const;
      const out_FD = memory.allocate(shape, "float32");
      const pairs = rowGradient(memory, { shape, scale: 1, ...inputs });
      memory.addon.rowSparseAccumulate(...pairs, null, memory.floats(out_FD));
      return out_FD;
    },
  ),
  nativeVersion(
    deferredName(rowSparseAccumulateName),
    (memory, inputs: RowSparseAccumulateInputs, { numFeatures }: RowSparseAccumulateAttributes) =>
      defer(memory, { kind: "row-sparse", shape: [numFeatures, inputs.rows_BD.shape[1]], scale: 1, ...inputs }),
  ),
];
