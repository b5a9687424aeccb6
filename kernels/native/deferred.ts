/**
 * Tensors that are a recipe until somebody reads them. Two results of a sparse code's backward pass are large and
 * mostly consumed by a kernel that does not need them formed:
 *
 *   row-sparse   a dictionary's gradient [F, D]: scale * sum over (b, k) with indices[b, k] = f of
 *                coefficients[b, k] * rows[b]. The norm and Adam form one row at a time.
 *   decoded      a gradient of activations [B, D]: sum over k of values[b, k] * decoder[indices[b, k]]. Its sum over
 *                the rows, which is what a bias wants, reads each dictionary row once.
 *
 * To everybody else they are tensors like any other: reading runs the kernel that forms the values, once. So a loss that
 * adds a dense gradient, an optimizer in plain tfjs, or a plugin that looks, get what they expect.
 *
 * Shapes: B rows, D width, F features, K active features a row.
 */
import * as tf from "@tensorflow/tfjs";
import { rowSparseAccumulateName, type RowSparseAccumulateInputs } from "../row-sparse-accumulate/contract.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "../sparse-decode/contract.ts";
import { detach } from "../tape.ts";
import type { RowGradientArguments } from "./addon.ts";
import type { DataRecord } from "./backend.ts";
import { memoryOf, type NativeMemory } from "./memory.ts";
import { sortedPairs } from "./sorted-pairs.ts";

export interface RowSparse extends RowSparseAccumulateInputs {
  readonly kind: "row-sparse";
  readonly shape: readonly [features: number, width: number];
  readonly scale: number;
}

export interface Decoded extends SparseDecodeInputs {
  readonly kind: "decoded";
  readonly shape: readonly [rows: number, width: number];
}

export type Recipe = RowSparse | Decoded;

const recipes = new WeakMap<DataRecord, Recipe>();

/** The recipe of a tensor that has not been formed; undefined for every other tensor. */
export function recipeOf(memory: NativeMemory, tensor: tf.TensorInfo): Recipe | undefined {
  const recipe = recipes.get(memory.record(tensor));
  // A reshaped tensor shares the data and not the meaning of its axes.
  return recipe?.shape.length === tensor.shape.length && recipe.shape.every((size, i) => size === tensor.shape[i])
    ? recipe
    : undefined;
}

/** Numbers in all the rows that a row-sparse gradient adds up; 0 for a tensor that is formed, and on other backends. */
export function numbersToGather(tensor: tf.TensorInfo): number {
  if (tf.getBackend() !== "native") return 0;
  const recipe = recipeOf(memoryOf(tf.backend()), tensor);
  return recipe?.kind === "row-sparse" ? recipe.indices_BK.size * recipe.shape[1] : 0;
}

/** A tensor made of a recipe. Its operands are held until the values are formed or the tensor is disposed. */
export function defer(memory: NativeMemory, recipe: Recipe): tf.Tensor {
  const held = hold(recipe);
  let formed: tf.Tensor | undefined;
  const drop = (): void => {
    if (recipes.delete(record)) for (const tensor of operandsOf(held)) tensor.dispose();
  };
  const record = {
    dtype: "float32" as const,
    refCount: 1,
    get values(): Float32Array {
      if (formed === undefined) {
        formed = form(held);
        drop();
      }
      return memory.floats(formed);
    },
    release: () => {
      drop();
      formed?.dispose();
    },
  };
  recipes.set(record, held);
  return memory.defer(recipe.shape, record);
}

/**
 * What the addon takes of a row-sparse gradient.
 * @param isProjected Whether rows lose their component along the rows of a matrix.
 */
export function rowGradient(
  memory: NativeMemory,
  { indices_BK, coefficients_BK, rows_BD, shape, scale }: Omit<RowSparse, "kind">,
  { isProjected } = { isProjected: false },
): RowGradientArguments {
  const [features, width] = shape;
  const [rows, active] = indices_BK.shape;
  const { starts, positions, rowsOfPairs } = sortedPairs(memory, indices_BK, features);
  const sizes = [rows, width, features, active, scale, isProjected] as const;
  return [...sizes, starts, positions, rowsOfPairs, memory.floats(coefficients_BK), memory.floats(rows_BD)];
}

/** Runs the kernel as tfjs' registry has it, so that a profile sees who does the work. */
function form(recipe: Recipe): tf.Tensor {
  return tf.tidy(() => {
    const made =
      recipe.kind === "row-sparse"
        ? run(rowSparseAccumulateName, recipe, { numFeatures: recipe.shape[0] })
        : run(sparseDecodeName, recipe, {});
    const isScaled = recipe.kind === "row-sparse" && recipe.scale !== 1;
    return tf.keep(isScaled ? run(tf.Multiply, { a: made, b: tf.scalar(recipe.scale) }, {}) : made);
  });
}

/** On the native backend, whichever is current: a tensor may be read after another device was opened. */
function run(name: string, operands: object, attrs: tf.NamedAttrMap): tf.Tensor {
  const inputs = Object.fromEntries(Object.entries(operands).filter(([, value]) => value instanceof tf.Tensor));
  const { kernelFunc } = tf.getKernel(name, "native");
  return kernelFunc({ inputs, attrs, backend: tf.findBackend("native") }) as tf.Tensor;
}

/** The recipe over references of its own, which outlive the tidy that the operands belong to. */
function hold(recipe: Recipe): Recipe {
  const held = Object.entries(recipe).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof tf.Tensor ? tf.keep(detach(value)) : value,
  ]);
  return Object.fromEntries(held) as Recipe;
}

function operandsOf(recipe: Recipe): readonly tf.Tensor[] {
  return Object.values(recipe).filter((value): value is tf.Tensor => value instanceof tf.Tensor);
}
