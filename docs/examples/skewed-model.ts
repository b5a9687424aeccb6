/** Two experts, chosen by the first number of a row with a probability of 3/4: `east` goes to expert 0, `west` to 1. */
import type { SparseAutoencoder } from "../../core/index.ts";
import { buildModel } from "./setup.ts";

export const east = [1, 0] as const;
export const west = [-1, 0] as const;

/** The logits of `east` are ln 3 and 0, those of `west` -ln 3 and 0. */
export function skewedModel(): Promise<SparseAutoencoder> {
  const parameters = {
    "router.weight": [
      [Math.log(3), 0],
      [0, 0],
    ],
  };
  return buildModel({ router: { type: "switch", experts: 2 }, expert: { type: "top-k", k: 1 }, parameters });
}
