/** The code of some rows by itself, without what else a forward pass makes. */
import type * as tf from "@tensorflow/tfjs";
import type { Code } from "../model/contracts.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";

export interface OwnedCode {
  readonly code: Code;
  dispose(): void;
}

/**
 * @param rows Row-major float32 whose first `numRows` rows are encoded; it may be written to again afterwards.
 */
export function forwardCode(
  { tf: tensorFlow, model }: { readonly tf: typeof tf; readonly model: SparseAutoencoder },
  rows: Float32Array,
  numRows: number,
): OwnedCode {
  const { width } = model.shape;
  const kept: Code[] = [];
  const tensors = tensorFlow.tidy(() => {
    // A copy, because the cpu backend keeps the array that it is given.
    const acts_BD = tensorFlow.tensor2d(rows.slice(0, numRows * width), [numRows, width]);
    const { code } = model.forward(acts_BD);
    kept.push(code);
    return tensorsOf(code);
  });
  const [code] = kept;
  if (code === undefined) throw new Error("tf.tidy did not run its function");
  return {
    code,
    dispose: () => {
      tensorFlow.dispose(tensors);
    },
  };
}

function tensorsOf(code: Code): tf.Tensor[] {
  return code.kind === "sparse" ? [code.indices_BK, code.values_BK] : [code.expertIndices_BR, code.values_BRM];
}
