/**
 * GPT-2's forward pass in TensorFlow.js, cut at a hook point: `toHook` runs the network up to it, `fromHook` runs the
 * rest on whatever activations it is given. Agrees with PyTorch within 1e-4 (test/core/language-model/gpt2.test.ts).
 * Radford et al. 2019; names and orientation of the weights as in the published checkpoints.
 *
 * Shapes: C contexts, T positions, N = C T rows, D width, V vocabulary.
 */
import type * as tf from "@tensorflow/tfjs";
import type { AttentionShape, Kernels } from "../../kernels/kernels.ts";
import type { Gpt2Tensors } from "./checkpoint.ts";
import type { Gpt2Config } from "./gpt2-config.ts";
import type { HookPoint } from "./hook-points.ts";
import { createGpt2Weights } from "./gpt2-weights.ts";
import type { BlockWeights, LayerNormWeights } from "./gpt2-weights.ts";

/** Token ids of equally long contexts, one after the other. */
export interface TokenBatch {
  /** [C, T] row-major, each in [0, V). */
  readonly ids: Int32Array;
  /** C */
  readonly numContexts: number;
  /** T */
  readonly contextLength: number;
}

/** A forward pass stopped at a hook point. The caller disposes of both tensors. */
export interface HookedPass {
  /** [N, D] */
  readonly acts_ND: tf.Tensor2D;
  /** The residual stream that the activations are added to, for hooks on a block's output; else undefined. */
  readonly residual_ND: tf.Tensor2D | undefined;
}

export interface Gpt2 {
  readonly config: Gpt2Config;
  toHook(batch: TokenBatch, hook: HookPoint): HookedPass;
  /** @returns The final residual stream [N, D], before the last layer norm; the arguments are left alone. */
  fromHook(pass: HookedPass, batch: TokenBatch, hook: HookPoint): tf.Tensor2D;
  /** @returns Logits [N, V] of a final residual stream. */
  logits(final_ND: tf.Tensor2D): tf.Tensor2D;
  /** @returns ln p of every token of the vocabulary [N, V]; each row's probabilities sum to 1. */
  logProbabilities(final_ND: tf.Tensor2D): tf.Tensor2D;
  /**
   * What vectors [N, D] add to the logits [N, V] when they are added to a final residual stream; with `foldNorm` up to
   * the scale that the final layer norm divides by: W_U (gain * (d - mean(d))). The norm's bias is no part of it.
   */
  directLogits(directions_ND: tf.Tensor2D, options: { readonly foldNorm: boolean }): tf.Tensor2D;
  dispose(): void;
}

export function createGpt2(options: {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly config: Gpt2Config;
  readonly tensors: Gpt2Tensors;
}): Gpt2 {
  const { tf: tensorFlow, kernels, config } = options;
  const weights = createGpt2Weights(tensorFlow, config, options.tensors);
  const blocks = weights.blocks;

  function normalise(x_ND: tf.Tensor2D, { gain_D, bias_D }: LayerNormWeights): tf.Tensor2D {
    const centred_ND = tensorFlow.sub(x_ND, tensorFlow.mean(x_ND, 1, true));
    const variance_N1 = tensorFlow.mean(tensorFlow.square(centred_ND), 1, true);
    const scale_N1 = tensorFlow.rsqrt(tensorFlow.add(variance_N1, config.layerNormEpsilon));
    return tensorFlow.add(tensorFlow.mul(tensorFlow.mul(centred_ND, scale_N1), gain_D), bias_D);
  }

  function attention(block: BlockWeights, x_ND: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
    const qkv_N3D = linear(tensorFlow, normalise(x_ND, block.attentionNorm), block.attentionIn);
    return linear(tensorFlow, kernels.causalAttention(qkv_N3D, shape), block.attentionOut);
  }

  function mlp(block: BlockWeights, x_ND: tf.Tensor2D): tf.Tensor2D {
    const inner = linear(tensorFlow, normalise(x_ND, block.mlpNorm), block.mlpIn);
    return linear(tensorFlow, geluNew(tensorFlow, inner), block.mlpOut);
  }

  function embed(batch: TokenBatch): tf.Tensor2D {
    const positions = Int32Array.from(batch.ids, (_, i) => i % batch.contextLength);
    return tensorFlow.add(
      tensorFlow.gather(weights.tokens_VD, tensorFlow.tensor1d(batch.ids, "int32")),
      tensorFlow.gather(weights.positions_TD, tensorFlow.tensor1d(positions, "int32")),
    );
  }

  const logits = (final_ND: tf.Tensor2D): tf.Tensor2D =>
    tensorFlow.tidy(() => tensorFlow.matMul(normalise(final_ND, weights.finalNorm), weights.output_DV()));

  return {
    config,
    toHook: (batch, hook) =>
      tensorFlow.tidy(() => {
        const shape = { ...batch, numHeads: config.numHeads };
        let x_ND = embed(batch);
        for (const [layer, block] of blocks.entries()) {
          const isHooked = layer === hook.layer;
          if (isHooked && hook.name === "resid-pre") return { acts_ND: x_ND, residual_ND: undefined };
          const fromAttention_ND = attention(block, x_ND, shape);
          if (isHooked && hook.name === "attention-out") return { acts_ND: fromAttention_ND, residual_ND: x_ND };
          x_ND = tensorFlow.add(x_ND, fromAttention_ND);
          const fromMlp_ND = mlp(block, x_ND);
          if (isHooked && hook.name === "mlp-out") return { acts_ND: fromMlp_ND, residual_ND: x_ND };
          x_ND = tensorFlow.add(x_ND, fromMlp_ND);
          if (isHooked) return { acts_ND: x_ND, residual_ND: undefined };
        }
        throw new RangeError(`layer ${hook.layer} of a model of ${blocks.length} layers`);
      }),
    fromHook: (pass, batch, hook) =>
      tensorFlow.tidy(() => {
        const shape = { ...batch, numHeads: config.numHeads };
        let x_ND =
          pass.residual_ND === undefined
            ? tensorFlow.clone(pass.acts_ND)
            : pass.residual_ND.add<tf.Tensor2D>(pass.acts_ND);
        for (const [layer, block] of blocks.entries()) {
          const isHooked = layer === hook.layer;
          if (layer < hook.layer || (isHooked && (hook.name === "mlp-out" || hook.name === "resid-post"))) continue;
          if (!(isHooked && hook.name === "attention-out")) x_ND = tensorFlow.add(x_ND, attention(block, x_ND, shape));
          x_ND = tensorFlow.add(x_ND, mlp(block, x_ND));
        }
        return x_ND;
      }),
    logits,
    directLogits: (directions_ND, { foldNorm }) =>
      tensorFlow.tidy(() => {
        const output_DV = weights.output_DV();
        if (!foldNorm) return tensorFlow.matMul(directions_ND, output_DV);
        const centred_ND = tensorFlow.sub(directions_ND, tensorFlow.mean(directions_ND, 1, true));
        return tensorFlow.matMul(tensorFlow.mul<tf.Tensor2D>(centred_ND, weights.finalNorm.gain_D), output_DV);
      }),
    logProbabilities: (final_ND) =>
      tensorFlow.tidy(() => {
        const logits_NV = logits(final_ND);
        // The largest is taken off first: logits of -100 would cost the differences between tokens two digits.
        const shifted_NV = tensorFlow.sub<tf.Tensor2D>(logits_NV, tensorFlow.max(logits_NV, 1, true));
        const sums_N1 = tensorFlow.sum(tensorFlow.exp(shifted_NV), 1, true);
        return tensorFlow.sub<tf.Tensor2D>(shifted_NV, tensorFlow.log(sums_N1));
      }),
    dispose: () => {
      weights.dispose();
    },
  };
}

function linear(
  tensorFlow: typeof tf,
  x: tf.Tensor2D,
  { weight, bias }: { readonly weight: tf.Tensor2D; readonly bias: tf.Tensor1D },
): tf.Tensor2D {
  return tensorFlow.fused.matMul({ a: x, b: weight, bias }).as2D(x.shape[0], weight.shape[1]);
}

/**
 * GPT-2's GELU, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written with (1 + tanh(y))/2 = sigmoid(2y): tfjs' wasm
 * sigmoid takes a twentieth of its tanh.
 */
function geluNew(tensorFlow: typeof tf, x: tf.Tensor2D): tf.Tensor2D {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  const inner = tensorFlow.add(tensorFlow.mul(tensorFlow.square(x), slope * 0.044715), slope);
  return tensorFlow.mul(x, tensorFlow.sigmoid(tensorFlow.mul(x, inner)));
}
