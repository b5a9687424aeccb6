/**
 * tfjs' unsorted segment sum, the gradient of a gather, in WGSL: tfjs (4.22.0) adds with atomics, whose order, and with
 * it the last bits, changes from run to run, and for whole numbers it returns others. Those are summed in float32 here,
 * which holds them exactly up to 2^24.
 */
import * as tf from "@tensorflow/tfjs";
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { accumulateRows } from "../row-sparse-accumulate/webgpu.ts";

export const layoutWebGpu: readonly KernelVersion[] = [
  gpuVersion(
    tf.UnsortedSegmentSum,
    (
      memory,
      { x, segmentIds }: { readonly x: tf.Tensor; readonly segmentIds: tf.Tensor },
      { numSegments }: { readonly numSegments: number },
    ) => {
      const [rows = 1, ...inner] = x.shape;
      const shape = [numSegments, ...inner];
      const width = tf.util.sizeFromShape(inner);
      if (x.size === 0 || numSegments === 0) return tf.zeros(shape, x.dtype);
      const sum_SD = accumulateRows(
        memory,
        {
          indices_BK: { dataId: segmentIds.dataId, shape: [rows, 1], dtype: "int32" },
          coefficients_BK: tf.ones([rows, 1]),
          rows_BD: tf.reshape(tf.cast(x, "float32"), [rows, width]),
        },
        numSegments,
      );
      return tf.cast(tf.reshape(sum_SD, shape), x.dtype);
    },
  ),
];
