/**
 * What routers that score experts by W (x - b) have in common: how W and b start, the option that says what b is, and
 * the scores themselves.
 *
 * Shapes: B rows, D width, E experts.
 * @see amudide/switch_sae trainers/switch.py and moe.py; docs/paper-map.md
 */
import type * as tf from "@tensorflow/tfjs";
import { Type } from "typebox";
import type { NamedTensors, ParameterInit } from "./contracts.ts";
import type { Rng } from "./rng.ts";

export type RouterBias = "shared" | "separate" | "none";

/** The schema of a router's `bias` option. */
export const routerBias = Type.Enum(["shared", "separate", "none"], {
  default: "shared",
  description:
    "The vector subtracted from a row before scoring. shared: the decoder's bias itself, which then receives both " +
    "updates (what the authors' code does). separate: starts there and trains on its own. none: nothing is subtracted.",
});

export type LinearRouterInit = Readonly<{ weight: ParameterInit; input_bias?: ParameterInit }>;

/** `weight` [E, D] uniform in +-1/sqrt(D), as a PyTorch linear layer starts, and `input_bias` [D] unless there is none. */
export function initialiseLinearRouter(
  { experts, width, bias }: { readonly experts: number; readonly width: number; readonly bias: RouterBias },
  rng: Rng,
): LinearRouterInit {
  const stream = rng.stream("router");
  const bound = 1 / Math.sqrt(width);
  const values = Float32Array.from({ length: experts * width }, () => (2 * stream.uniform() - 1) * bound);
  const weight: ParameterInit = { shape: [experts, width], values };
  if (bias === "none") return { weight };
  const start = { shape: [width], values: new Float32Array(width) };
  return { weight, input_bias: { ...start, decoderBias: bias === "shared" ? "shared" : "copy" } };
}

/** W (x - b) for every row, [B, E]; differentiable in all three. */
export function linearScores(
  tensorflow: typeof tf,
  acts_BD: tf.Tensor2D,
  { weight, input_bias }: NamedTensors,
): tf.Tensor2D {
  const centred_BD = input_bias === undefined ? acts_BD : tensorflow.sub<tf.Tensor2D>(acts_BD, input_bias);
  return tensorflow.matMul(centred_BD, tensorflow.transpose(weight as tf.Tensor2D));
}
