/**
 * tfjs' elementwise kernels in C++, for float32 operands that are alike, or repeated along leading or trailing axes (a
 * scalar, a bias, a column). Everything else is left to tfjs. A deferred gradient that is scaled stays deferred.
 */
import * as tf from "@tensorflow/tfjs";
import { nativeReplacement, type KernelVersion } from "../kernel-version.ts";
import { defer, recipeOf } from "../native/deferred.ts";
import type { NativeMemory } from "../native/memory.ts";
import { foldBroadcast } from "./fold-broadcast.ts";

/** In the order of `Binary` in kernels/native/calls.h. */
const binaryNames = [tf.Add, tf.Sub, tf.Multiply, tf.RealDiv, tf.Maximum, tf.Minimum, tf.SquaredDifference];
/** In the order of `Unary` there. */
const unaryNames = [tf.Neg, tf.Square, tf.Sqrt, tf.Rsqrt, tf.Relu, tf.Step, tf.Exp, tf.Sigmoid, tf.Abs];

interface Operands {
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
}

export const elementwiseNative: readonly KernelVersion[] = [
  ...binaryNames.map((name, operation) =>
    nativeReplacement(name, (memory, operands: Operands) => {
      if (operands.a.dtype !== "float32" || operands.b.dtype !== "float32") return undefined;
      return (name === tf.Multiply ? scaled(memory, operands) : undefined) ?? binary(memory, operands, operation);
    }),
  ),
  ...unaryNames.map((name, operation) =>
    nativeReplacement(
      name,
      (memory, { x }: { readonly x: tf.Tensor }, attrs: { readonly alpha?: number } | undefined) => {
        if (x.dtype !== "float32" || x.size === 0 || (attrs?.alpha ?? 0) !== 0) return undefined;
        const out = memory.allocate(x.shape, "float32");
        memory.addon.unary(operation, x.size, memory.floats(x), memory.floats(out));
        return out;
      },
    ),
  ),
];

function binary(memory: NativeMemory, { a, b }: Operands, operation: number): tf.Tensor | undefined {
  const folded = foldBroadcast(a.shape, b.shape);
  if (folded === undefined) return undefined;
  const { shape, outer, inner, repeats } = folded;
  const out = memory.allocate(shape, "float32");
  memory.addon.binary(
    ...([operation, outer, inner, ...repeats] as const),
    ...([memory.floats(a), memory.floats(b), memory.floats(out)] as const),
  );
  return out;
}

/** A row-sparse gradient times a scalar. NaN and infinities change rows that have no pair too: such products are formed. */
function scaled(memory: NativeMemory, { a, b }: Operands): tf.Tensor | undefined {
  const [matrix, factor] = a.size === 1 ? [b, a] : [a, b];
  if (factor.size !== 1 || factor.rank > matrix.rank) return undefined;
  const recipe = recipeOf(memory, matrix);
  if (recipe?.kind !== "row-sparse") return undefined;
  const scale = Math.fround(recipe.scale * (memory.floats(factor)[0] ?? Number.NaN));
  return Number.isFinite(scale) ? defer(memory, { ...recipe, scale }) : undefined;
}
