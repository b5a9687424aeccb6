/** tfjs' transposes, slices, splits and row gathers in C++, for float32 tensors of at most four axes. */
import * as tf from "@tensorflow/tfjs";
import { nativeReplacement, type KernelVersion } from "../kernel-version.ts";
import type { NativeMemory } from "../native/memory.ts";

interface Input {
  readonly x: tf.Tensor;
}

export const layoutNative: readonly KernelVersion[] = [
  nativeReplacement(tf.Transpose, (memory, { x }: Input, { perm }: { readonly perm: readonly number[] }) => {
    const strides = stridesOf(x.shape);
    return rearrange(memory, x, {
      shape: perm.map((axis) => x.shape[axis] ?? 1),
      strides: perm.map((axis) => strides[axis] ?? 0),
    });
  }),
  nativeReplacement(
    tf.Slice,
    (memory, { x }: Input, attrs: { readonly begin: number | number[]; readonly size: number | number[] }) => {
      const [begin, size] = tf.slice_util.parseSliceParams(x, attrs.begin, attrs.size) as [number[], number[]];
      tf.slice_util.assertParamsValid(x, begin, size);
      return rearrange(memory, x, { shape: size, strides: stridesOf(x.shape), begin });
    },
  ),
  nativeReplacement(
    tf.SplitV,
    (memory, { x }: Input, attrs: { readonly numOrSizeSplits: number | number[]; readonly axis: number }) => {
      const [axis = 0] = tf.util.parseAxisParam(attrs.axis, x.shape);
      const strides = stridesOf(x.shape);
      let start = 0;
      const parts: tf.Tensor[] = [];
      for (const length of tf.backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis)) {
        const shape = x.shape.map((size, at) => (at === axis ? length : size));
        const part = rearrange(memory, x, { shape, strides, begin: shape.map((_, at) => (at === axis ? start : 0)) });
        if (part === undefined) return undefined;
        parts.push(part);
        start += length;
      }
      return parts;
    },
  ),
  nativeReplacement(
    tf.GatherV2,
    (
      memory,
      { x, indices }: Input & { readonly indices: tf.Tensor },
      { axis, batchDims }: { readonly axis: number; readonly batchDims: number },
    ) => {
      const isPlain = x.dtype === "float32" && indices.dtype === "int32" && axis === 0 && batchDims === 0;
      if (!isPlain || x.size === 0 || indices.size === 0) return undefined;
      const [numRows = 1, ...rest] = x.shape;
      const out = memory.allocate([...indices.shape, ...rest], "float32");
      const operands = [memory.ints(indices), memory.floats(x), memory.floats(out)] as const;
      memory.addon.gatherRows(indices.size, numRows, x.size / numRows, ...operands);
      return out;
    },
  ),
];

interface Arrangement {
  /** Of the result. */
  readonly shape: readonly number[];
  /** How far apart in the input the neighbours along each axis of the result are. */
  readonly strides: readonly number[];
  /** The input's coordinates, along the result's axes, of the first number. */
  readonly begin?: readonly number[];
}

function rearrange(
  memory: NativeMemory,
  x: tf.Tensor,
  { shape, strides, begin = [] }: Arrangement,
): tf.Tensor | undefined {
  if (x.dtype !== "float32" || shape.length > 4 || shape.includes(0)) return undefined;
  const offset = begin.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0);
  const axisOf = (axis: number): [number, number] => {
    const at = axis - 4 + shape.length;
    return at < 0 ? [1, 0] : [shape[at] ?? 1, strides[at] ?? 0];
  };
  const out = memory.allocate(shape, "float32");
  memory.addon.rearrange(
    ...([x.size, offset, ...axisOf(0), ...axisOf(1), ...axisOf(2), ...axisOf(3)] as const),
    ...([memory.floats(x), memory.floats(out)] as const),
  );
  return out;
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
}
