/**
 * Hiding a tensor from tfjs' tape, for code that has the tensor library handed to it: plugins load none by themselves.
 */
import type * as tf from "@tensorflow/tfjs";

/**
 * The same data as a tensor that the tape does not know, so that no gradient flows through it. No copy is made. The
 * caller disposes it, or lets `tf.tidy` do so.
 * @example detach(tf, reconstruction_BD); // a constant, for the loss that uses it
 */
export function detach<T extends tf.Tensor>(tensorflow: typeof tf, tensor: T): T {
  const engine = tensorflow.engine();
  engine.backend.incRef(tensor.dataId);
  return engine.makeTensorFromTensorInfo(tensor, engine.backend) as T;
}
