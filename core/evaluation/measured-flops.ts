/**
 * FLOPs of a model counted where they are spent: every call of a kernel during one forward pass, and during one
 * forward and backward pass of the squared error, by the shapes that it was called with (kernels/profile/costs.ts: 2 a
 * multiply-add of matrix and vector products, none for other arithmetic).
 *
 * A device that does an operation in a cheaper way is counted as it is: `native` sums the gradient of centred rows for
 * the decoder's bias without forming it, for at most 2FD a batch that are in no count, where others spend 2DK a row.
 * The backward pass ends with the gradients of all parameters formed. Not in it: losses beside the squared error,
 * clipping and the optimizer's update. The model runs as it does after training.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";

export interface MeasuredFlops {
  /** Of one row, forward. */
  readonly forward: number;
  /** Of one row, forward and backward; undefined for a model without parameters. */
  readonly withBackward: number | undefined;
}

export interface MeasuredFlopsInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly model: SparseAutoencoder;
  readonly acts_BD: tf.Tensor2D;
}

export async function measureFlops(input: MeasuredFlopsInput): Promise<MeasuredFlops> {
  const { profileKernels } = await import("../../kernels/profile/profile-kernels.ts");
  const { tf: tensorFlow, model, acts_BD } = input;
  const numRows = acts_BD.shape[0];
  /** Nothing awaits in here, so no other work of the process is counted. */
  const flopsOf = (body: () => void): number => {
    let flops = 0;
    const stop = profileKernels({
      // What a kernel does by calling others is in its own count.
      onCall: (call) => {
        if (call.within.length === 0) flops += call.flops;
      },
    });
    try {
      tensorFlow.tidy(body);
    } finally {
      stop();
    }
    return flops / numRows;
  };
  const forward = flopsOf(() => {
    model.forward(acts_BD);
  });
  const withBackward =
    model.parameters.all.length === 0
      ? undefined
      : flopsOf(() => {
          formGradients(input);
        });
  return { forward, withBackward };
}

function formGradients({ tf: tensorFlow, kernels, model, acts_BD }: MeasuredFlopsInput): void {
  const { grads } = tensorFlow.variableGrads(
    () => kernels.squaredError(model.forward(acts_BD).reconstruction_BD, acts_BD),
    model.parameters.all.map(({ variable }) => variable),
  );
  // A gradient that a device puts off is formed by whoever reads it; a norm reads everything and adds no products.
  kernels.globalNorm(Object.values(grads));
}
