/** tfjs' softmax over the last axis in C++. */
import * as tf from "@tensorflow/tfjs";
import { nativeReplacement, type KernelVersion } from "../kernel-version.ts";

export const softmaxNative: readonly KernelVersion[] = [
  nativeReplacement(
    tf.Softmax,
    (memory, { logits }: { readonly logits: tf.Tensor }, { dim }: { readonly dim: number }) => {
      const width = logits.shape.at(-1);
      const isLast = dim === -1 || dim === logits.rank - 1;
      if (logits.dtype !== "float32" || logits.size === 0 || width === undefined || !isLast) return undefined;
      const out = memory.allocate(logits.shape, "float32");
      memory.addon.softmax(logits.size / width, width, memory.floats(logits), memory.floats(out));
      return out;
    },
  ),
];
