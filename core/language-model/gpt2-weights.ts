/** A GPT-2's weights as tensors on the current device, in the shapes that its forward pass multiplies by. */
import type * as tf from "@tensorflow/tfjs";
import type { Gpt2Tensors } from "./checkpoint.ts";
import type { Gpt2Config } from "./gpt2-config.ts";

export interface LinearWeights {
  /** [in, out] */
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

export interface LayerNormWeights {
  readonly gain_D: tf.Tensor1D;
  readonly bias_D: tf.Tensor1D;
}

export interface BlockWeights {
  readonly attentionNorm: LayerNormWeights;
  readonly attentionIn: LinearWeights;
  readonly attentionOut: LinearWeights;
  readonly mlpNorm: LayerNormWeights;
  readonly mlpIn: LinearWeights;
  readonly mlpOut: LinearWeights;
}

export interface Gpt2Weights {
  readonly tokens_VD: tf.Tensor2D;
  readonly positions_TD: tf.Tensor2D;
  readonly blocks: readonly BlockWeights[];
  readonly finalNorm: LayerNormWeights;
  /** Made when first asked for: harvesting never needs it, and it is the largest tensor. */
  output_DV(): tf.Tensor2D;
  dispose(): void;
}

/** @param tensors As `readGpt2Tensors` returns them: complete, and of the right shapes. */
export function createGpt2Weights(tensorFlow: typeof tf, config: Gpt2Config, tensors: Gpt2Tensors): Gpt2Weights {
  const owned: tf.Tensor[] = [];
  function own<T extends tf.Tensor>(tensor: T): T {
    owned.push(tensorFlow.keep(tensor));
    return tensor;
  }
  function stored(name: string): { readonly shape: readonly number[]; readonly data: Float32Array } {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`tensor ${name} was not read`);
    return tensor;
  }
  function vector(name: string): tf.Tensor1D {
    return own(tensorFlow.tensor1d(stored(name).data));
  }
  function matrix(name: string): tf.Tensor2D {
    const { shape, data } = stored(name);
    return own(tensorFlow.tensor2d(data, [shape[0] ?? 0, shape[1] ?? 0]));
  }
  function linear(name: string): LinearWeights {
    return { weight: matrix(`${name}.weight`), bias: vector(`${name}.bias`) };
  }
  function norm(name: string): LayerNormWeights {
    return { gain_D: vector(`${name}.weight`), bias_D: vector(`${name}.bias`) };
  }

  const tokens_VD = matrix("wte.weight");
  let output_DV: tf.Tensor2D | undefined;
  return {
    tokens_VD,
    positions_TD: matrix("wpe.weight"),
    blocks: Array.from({ length: config.numLayers }, (_, layer) => ({
      attentionNorm: norm(`h.${layer}.ln_1`),
      attentionIn: linear(`h.${layer}.attn.c_attn`),
      attentionOut: linear(`h.${layer}.attn.c_proj`),
      mlpNorm: norm(`h.${layer}.ln_2`),
      mlpIn: linear(`h.${layer}.mlp.c_fc`),
      mlpOut: linear(`h.${layer}.mlp.c_proj`),
    })),
    finalNorm: norm("ln_f"),
    output_DV() {
      output_DV ??= own(tensorFlow.transpose(tensors.has("lm_head.weight") ? matrix("lm_head.weight") : tokens_VD));
      return output_DV;
    },
    dispose() {
      tensorFlow.dispose(owned);
    },
  };
}
