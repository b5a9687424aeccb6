/**
 * Experts that see every row beside those that a router chose: they can hold what all rows need, so that routed ones
 * need not learn it once each.
 *
 * Shapes: B rows, R - S chosen experts a row, S shared experts.
 * @see Dai et al. 2024 (arXiv 2401.06066), section 3.2; amudide/switch_sae trainers/switch1on.py; docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import type { ModelShape, Routing } from "./contracts.ts";

export type Chosen = Pick<Routing, "expertIndices_BR" | "gates_BR">;

/**
 * Appends experts routed, routed + 1, ... with gate 1 to those of every row.
 * @param counts How many experts the router chooses among (their indices come first), and S.
 */
export function withSharedExperts(
  tensorflow: typeof tf,
  chosen: Chosen,
  { routed, shared }: { readonly routed: number; readonly shared: number },
): Chosen {
  if (shared === 0) return chosen;
  const rows = chosen.gates_BR.shape[0];
  const indices_S = tensorflow.range(routed, routed + shared, 1, "int32");
  const indices_BS = tensorflow.tile<tf.Tensor2D>(tensorflow.expandDims(indices_S, 0), [rows, 1]);
  return {
    expertIndices_BR: tensorflow.concat([chosen.expertIndices_BR, indices_BS], 1),
    gates_BR: tensorflow.concat([chosen.gates_BR, tensorflow.ones<tf.Rank.R2>([rows, shared])], 1),
  };
}

/** How many experts a router chooses among: E - S. */
export function numRoutedExperts({ experts, sharedExperts }: ModelShape): number {
  return experts - sharedExperts;
}

/** The columns of a [B, R] tensor that belong to chosen experts: [B, R - S]; shared experts come last. */
export function ofChosenExperts(
  tensorflow: typeof tf,
  tensor_BR: tf.Tensor2D,
  { sharedExperts }: ModelShape,
): tf.Tensor2D {
  if (sharedExperts === 0) return tensor_BR;
  const [rows, slots] = tensor_BR.shape;
  return tensorflow.slice(tensor_BR, [0, 0], [rows, slots - sharedExperts]);
}
