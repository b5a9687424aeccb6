/** The decoder's constraint in C++: rows are normalised where they lie. */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import {
  normaliseRowsName,
  removeParallelComponentName,
  type NormaliseRowsInputs,
  type RemoveParallelComponentInputs,
} from "./contract.ts";

export const decoderNormNative: readonly KernelVersion[] = [
  nativeVersion(normaliseRowsName, (memory, { matrix_FD }: NormaliseRowsInputs) => {
    const [rows = 1, width = 1] = matrix_FD.shape;
    memory.addon.normaliseRows(rows, width, memory.updated(matrix_FD));
    return [];
  }),
  nativeVersion(removeParallelComponentName, (memory, inputs: RemoveParallelComponentInputs) => {
    const { gradient_FD, matrix_FD } = inputs;
    const [rows, width] = matrix_FD.shape;
    const out_FD = memory.allocate(gradient_FD.shape, "float32");
    const operands = [memory.floats(gradient_FD), memory.floats(matrix_FD)] as const;
    memory.addon.removeParallelComponent(rows, width, ...operands, memory.floats(out_FD));
    return out_FD;
  }),
];
