/** Which rows of a batch of contexts are taken as activations, and how replacements are put back among the others. */
import type * as tf from "@tensorflow/tfjs";
import type { Splice } from "../data/contracts.ts";

/** @returns Indices, ascending, of the rows [contexts * positions] whose position is not excluded. */
export function includedRows(
  numContexts: number,
  contextLength: number,
  excludePositions: readonly number[],
): Int32Array {
  const excluded = new Set(excludePositions);
  const rows: number[] = [];
  for (let row = 0; row < numContexts * contextLength; row++) {
    if (!excluded.has(row % contextLength)) rows.push(row);
  }
  return Int32Array.from(rows);
}

/**
 * Replaces the included rows of `acts_ND`; the others keep their activations.
 * @returns A new tensor [N, D]; runs inside a tidy.
 * @throws RangeError when a replacement has another shape than what it replaces
 */
export function spliceRows(
  tensorFlow: typeof tf,
  acts_ND: tf.Tensor2D,
  included: Int32Array,
  splice: Splice,
): tf.Tensor2D {
  if (splice.kind === "original") return acts_ND;
  const numRows = acts_ND.shape[0];
  const kept = complement(included, numRows);
  const keptActs = tensorFlow.gather(acts_ND, tensorFlow.tensor1d(kept, "int32"));
  const replaced = replacement(tensorFlow, acts_ND, included, splice);
  if (kept.length === 0) return replaced;
  // Row i of the result lies at order[i] of (kept rows, replaced rows).
  const order = new Int32Array(numRows);
  for (const [i, row] of kept.entries()) order[row] = i;
  for (const [i, row] of included.entries()) order[row] = kept.length + i;
  return tensorFlow.gather(tensorFlow.concat([keptActs, replaced], 0), tensorFlow.tensor1d(order, "int32"));
}

function replacement(
  tensorFlow: typeof tf,
  acts_ND: tf.Tensor2D,
  included: Int32Array,
  splice: Exclude<Splice, { readonly kind: "original" }>,
): tf.Tensor2D {
  const shape: [number, number] = [included.length, acts_ND.shape[1]];
  if (splice.kind === "zero") return tensorFlow.zeros<tf.Rank.R2>(shape);
  const replaced = splice.replace(tensorFlow.gather(acts_ND, tensorFlow.tensor1d(included, "int32")));
  if (replaced.shape.join() === shape.join()) return replaced;
  throw new RangeError(`a splice returned [${replaced.shape.join(", ")}] for activations [${shape.join(", ")}]`);
}

function complement(rows: Int32Array, numRows: number): Int32Array {
  const taken = new Set(rows);
  return Int32Array.from(Array.from({ length: numRows }, (_, row) => row).filter((row) => !taken.has(row)));
}
