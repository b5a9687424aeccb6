/**
 * Sparse decode in C++. In a backward pass it is the gradient of activations, and those are mostly summed over
 * rows: there it is deferred (kernels/native/deferred.ts).
 */
import { nativeVersion, type KernelVersion } from "../kernel-version.ts";
import { defer } from "../native/deferred.ts";
import { deferredName } from "../tape.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "./contract.ts";

export const sparseDecodeNative: readonly KernelVersion[] = [
  nativeVersion(sparseDecodeName, (memory, { indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) => {
    const [rows, active] = indices_BK.shape;
    const [features, width] = decoder_FD.shape;
    const out_BD = memory.allocate([rows, width], "float32");
    memory.addon.sparseDecode(
      ...([rows, width, features, active, memory.ints(indices_BK)] as const),
      ...([memory.floats(values_BK), memory.floats(decoder_FD), memory.floats(out_BD)] as const),
    );
    return out_BD;
  }),
  nativeVersion(deferredName(sparseDecodeName), (memory, { indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) =>
    defer(memory, {
      kind: "decoded",
      shape: [indices_BK.shape[0], decoder_FD.shape[1]],
      indices_BK,
      values_BK,
      decoder_FD,
    }),
  ),
];
