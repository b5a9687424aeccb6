/** tfjs' matrix products in C++: tf.matMul, batched and transposed, and tf.fused.matMul with a bias. */
import * as tf from "@tensorflow/tfjs";
import { nativeReplacement, type KernelVersion } from "../kernel-version.ts";
import type { NativeMemory } from "../native/memory.ts";

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
}

interface Inputs {
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
  readonly bias?: tf.Tensor;
  readonly preluActivationWeights?: tf.Tensor;
}

export const matmulNative: readonly KernelVersion[] = [
  nativeReplacement(tf.BatchMatMul, matMulNative),
  nativeReplacement(tf._FusedMatMul, (memory, inputs: Inputs, attrs: Attributes) => {
    const isPlain = attrs.activation === undefined || attrs.activation === "linear";
    return isPlain ? matMulNative(memory, inputs, attrs) : undefined;
  }),
];

function matMulNative(memory: NativeMemory, { a, b, bias }: Inputs, attrs: Attributes): tf.Tensor | undefined {
  const { transposeA, transposeB } = attrs;
  if (a.dtype !== "float32" || b.dtype !== "float32" || a.size === 0 || b.size === 0) return undefined;
  const [rows, inner] = ordered(a.shape, transposeA);
  const columns = ordered(b.shape, transposeB)[1];
  const [batchA, batchB] = [a.size / (rows * inner), b.size / (inner * columns)];
  if (batchA !== batchB && batchA !== 1 && batchB !== 1) return undefined;
  if (bias !== undefined && (bias.size !== columns || bias.shape.at(-1) !== columns)) return undefined;
  const outerShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = Math.max(batchA, batchB);
  // One right operand for a whole batch is one tall product.
  const isTall = batchB === 1 && batch > 1 && !transposeA;
  const out = memory.allocate([...outerShape, rows, columns], "float32");
  memory.addon.matMul(
    ...(isTall ? ([1, batch * rows, columns, inner] as const) : ([batch, rows, columns, inner] as const)),
    ...([!isTall && batchA < batch, !isTall && batchB < batch, transposeA, transposeB] as const),
    ...([memory.floats(a), memory.floats(b), bias === undefined ? null : memory.floats(bias)] as const),
    memory.floats(out),
  );
  return out;
}

/** The last two sizes, as the product sees them. */
function ordered(shape: readonly number[], isTransposed: boolean): [rows: number, columns: number] {
  const [rows = 1, columns = 1] = shape.slice(-2);
  return isTransposed ? [columns, rows] : [rows, columns];
}
