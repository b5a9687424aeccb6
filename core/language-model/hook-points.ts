/** Where in a transformer activations are taken from, and put back. */

/**
 * Points of a block, in the order in which a forward pass meets them:
 * - `resid-pre`: the residual stream that enters the block
 * - `attention-out`: what attention adds to it
 * - `mlp-out`: what the MLP adds to it
 * - `resid-post`: the residual stream that leaves the block
 */
export const hookNames = ["resid-pre", "attention-out", "mlp-out", "resid-post"] as const;

export type HookName = (typeof hookNames)[number];

export interface HookPoint {
  /** Block, counted from 0. */
  readonly layer: number;
  readonly name: HookName;
}
