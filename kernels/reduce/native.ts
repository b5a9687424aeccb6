/**
 * tfjs' sums, means and largest values in C++, over one axis or several neighbouring ones. The sum over the rows of a
 * deferred decoding reads each dictionary row once and decodes nothing.
 */
import * as tf from "@tensorflow/tfjs";
import { nativeReplacement, type KernelVersion } from "../kernel-version.ts";
import { recipeOf } from "../native/deferred.ts";
import type { NativeMemory } from "../native/memory.ts";

/** In the order of `Reduction` in kernels/native/calls.h. */
const reductions = { sum: 0, maximum: 1 } as const;

interface Input {
  readonly x: tf.Tensor;
}

interface AxisAttributes {
  readonly axis: number | readonly number[] | null;
  readonly keepDims: boolean;
}

export const reduceNative: readonly KernelVersion[] = [
  nativeReplacement(tf.Sum, (memory, { x }: Input, { axis, keepDims }: AxisAttributes) => {
    const shape = foldAxes(x, axis, keepDims);
    return shape && (sumOfDecoded(memory, x, shape) ?? reduce(memory, x, shape, "sum"));
  }),
  nativeReplacement(tf.Mean, (memory, { x }: Input, { axis, keepDims }: AxisAttributes) => {
    const shape = foldAxes(x, axis, keepDims);
    if (shape === undefined) return undefined;
    const out = reduce(memory, x, shape, "sum");
    const values = memory.floats(out);
    // A sum can be too large where the mean is not: tfjs divides first.
    if (!values.every((sum) => Number.isFinite(sum))) return undefined;
    values.forEach((sum, i) => (values[i] = sum / shape.reduced));
    return out;
  }),
  nativeReplacement(
    tf.Max,
    (
      memory,
      { x }: Input,
      attrs: { readonly reductionIndices: AxisAttributes["axis"]; readonly keepDims: boolean },
    ) => {
      const shape = foldAxes(x, attrs.reductionIndices, attrs.keepDims);
      return shape && reduce(memory, x, shape, "maximum");
    },
  ),
];

interface FoldedAxes {
  readonly shape: readonly number[];
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** undefined for axes that are no neighbours, for other types than float32, and where nothing is reduced. */
function foldAxes(x: tf.Tensor, axis: AxisAttributes["axis"], keepDims: boolean): FoldedAxes | undefined {
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const first = axes[0];
  if (x.dtype !== "float32" || x.size === 0 || first === undefined) return undefined;
  if (axes.some((at, i) => at !== first + i)) return undefined;
  const sizeOf = (from: number, to: number): number => tf.util.sizeFromShape(x.shape.slice(from, to));
  const end = first + axes.length;
  const kept = x.shape.map((size, at) => (axes.includes(at) ? 1 : size));
  return {
    shape: keepDims ? kept : x.shape.filter((_, at) => !axes.includes(at)),
    outer: sizeOf(0, first),
    reduced: sizeOf(first, end),
    inner: sizeOf(end, x.rank),
  };
}

function reduce(
  memory: NativeMemory,
  x: tf.Tensor,
  { shape, outer, reduced, inner }: FoldedAxes,
  operation: keyof typeof reductions,
): tf.Tensor {
  const out = memory.allocate(shape, "float32");
  memory.addon.reduce(reductions[operation], outer, reduced, inner, memory.floats(x), memory.floats(out));
  return out;
}

function sumOfDecoded(memory: NativeMemory, x: tf.Tensor, { shape, outer, inner }: FoldedAxes): tf.Tensor | undefined {
  const recipe = recipeOf(memory, x);
  if (recipe?.kind !== "decoded" || outer !== 1 || inner !== x.shape[1]) return undefined;
  const { indices_BK, values_BK, decoder_FD } = recipe;
  const [features, width] = decoder_FD.shape;
  const out = memory.allocate(shape, "float32");
  memory.addon.sparseColumnSums(
    ...([indices_BK.shape[0], width, features, indices_BK.shape[1], memory.ints(indices_BK)] as const),
    ...([memory.floats(values_BK), memory.floats(decoder_FD), memory.floats(out)] as const),
  );
  return out;
}
