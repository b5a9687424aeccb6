/**
 * What the kernel bench runs: every operation at one size, each with its float64 check and its arithmetic.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, K active features a row; one expert a row. Of attention: C
 * contexts, T positions, H heads, d width of a head.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../kernels/devices/device.ts";
import { adamStep64, createAdam64 } from "../../test/conformance/kernels/float64/adam.ts";
import { causalAttention64 } from "../../test/conformance/kernels/float64/causal-attention.ts";
import { encodeTopK64 } from "../../test/conformance/kernels/float64/encode-top-k.ts";
import { groupedDecode64, groupedEncode64 } from "../../test/conformance/kernels/float64/grouped.ts";
import {
  globalNorm64,
  normaliseRows64,
  removeParallelComponent64,
} from "../../test/conformance/kernels/float64/norms.ts";
import {
  rowSparseAccumulate64,
  sparseDecode64,
  sparseGatherDot64,
} from "../../test/conformance/kernels/float64/sparse.ts";
import { squaredError64 } from "../../test/conformance/kernels/float64/squared-error.ts";
import { createRandomData } from "../../test/conformance/kernels/random-data.ts";

export const operations = [
  ...(["encodeTopK", "groupedEncode", "groupedDecode", "sparseDecode", "sparseGatherDot"] as const),
  ...(["rowSparseAccumulate", "adamStep", "normaliseRows", "removeParallelComponent", "squaredError"] as const),
  ...(["globalNorm", "causalAttention"] as const),
];
export type Operation = (typeof operations)[number];

export interface BenchSize {
  readonly B: number;
  readonly D: number;
  readonly F: number;
  readonly E: number;
  readonly K: number;
}

export interface AttentionSize {
  readonly C: number;
  readonly T: number;
  readonly H: number;
  readonly d: number;
}

export interface BenchCase {
  readonly name: Operation;
  /** Floating-point operations of one call: 2 a multiply-add. */
  readonly flops: number;
  /** Runs once and returns what it computed; called inside tidy. */
  readonly run: () => tf.Tensor | number;
  /** What the first call must return. */
  readonly reference: () => ArrayLike<number>;
}

/** Makes the inputs on the device, as variables that live until the process ends. */
export function createBenchCases({ tf, kernels }: Device, size: BenchSize): readonly BenchCase[] {
  const { B, D, F, E, K } = size;
  const M = F / E;
  const random = createRandomData(1);
  const data = {
    acts: random.floats(B * D),
    target: random.floats(B * D),
    weights: random.floats(F * D),
    bias: random.floats(F),
    values: random.floats(B * M),
    experts: random.routing({ ...size, R: 1 }),
    indices: random.indices(B * K, F),
    coefficients: random.floats(B * K),
  };
  const dimensions = { ...size, R: 1 };
  const acts = tf.tensor2d(data.acts.slice(), [B, D]);
  const target = tf.tensor2d(data.target.slice(), [B, D]);
  const weights = tf.tensor2d(data.weights.slice(), [F, D]);
  const bias = tf.tensor1d(data.bias.slice());
  const values = tf.tensor3d(data.values.slice(), [B, 1, M]);
  const experts = tf.tensor2d(data.experts, [B, 1], "int32");
  const gates = tf.ones<tf.Rank.R2>([B, 1]);
  const indices = tf.tensor2d(data.indices, [B, K], "int32");
  const coefficients = tf.tensor2d(data.coefficients.slice(), [B, K]);
  const [parameter, first, second] = [weights, tf.zeros([F, D]), tf.zeros([F, D])].map((at) => tf.variable(at)) as [
    tf.Variable,
    tf.Variable,
    tf.Variable,
  ];
  const rows = tf.variable(weights);
  const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  let step = 0;
  return [
    {
      name: "encodeTopK",
      flops: 2 * B * M * D,
      run: () =>
        kernels.encodeTopK({
          acts_BD: acts,
          encoder_FD: weights,
          encoderBias_F: bias,
          expertIndices_BR: experts,
          gates_BR: gates,
          numExperts: E,
          k: K,
        }).values_BK,
      reference: () =>
        encodeTopK64(
          { acts: data.acts, encoder: data.weights, bias: data.bias, experts: data.experts, gates: [] },
          dimensions,
          K,
        ).values,
    },
    {
      name: "groupedEncode",
      flops: 2 * B * M * D,
      run: () => kernels.groupedEncode(acts, weights, experts, E),
      reference: () => groupedEncode64(data.acts, data.weights, data.experts, dimensions),
    },
    {
      name: "groupedDecode",
      flops: 2 * B * M * D,
      run: () => kernels.groupedDecode(values, weights, experts, E),
      reference: () => groupedDecode64(data.values, data.weights, data.experts, dimensions),
    },
    {
      name: "sparseDecode",
      flops: 2 * B * K * D,
      run: () => kernels.sparseDecode(indices, coefficients, weights),
      reference: () => sparseDecode64(data.indices, data.coefficients, data.weights, size),
    },
    {
      name: "sparseGatherDot",
      flops: 2 * B * K * D,
      run: () => kernels.sparseGatherDot(indices, weights, acts),
      reference: () => sparseGatherDot64(data.indices, data.weights, data.acts, size),
    },
    {
      name: "rowSparseAccumulate",
      flops: 2 * B * K * D,
      run: () => kernels.rowSparseAccumulate(indices, coefficients, acts, F),
      reference: () => rowSparseAccumulate64(data.indices, data.coefficients, data.acts, size),
    },
    {
      name: "adamStep",
      flops: 13 * F * D,
      run: () => {
        step += 1;
        kernels.adamStep(parameter, weights, { first, second }, { ...adam, step });
        return parameter;
      },
      reference: () => {
        const state = createAdam64(data.weights);
        adamStep64(state, data.weights, adam);
        return state.parameter;
      },
    },
    {
      name: "normaliseRows",
      flops: 3 * F * D,
      run: () => {
        kernels.normaliseRows(rows);
        return rows;
      },
      reference: () => normaliseRows64(data.weights, D),
    },
    {
      name: "removeParallelComponent",
      flops: 6 * F * D,
      run: () => kernels.removeParallelComponent(weights, parameter as tf.Tensor as tf.Tensor2D),
      // The parameter has moved by then: its present value is the reference's input.
      reference: () => removeParallelComponent64(data.weights, parameter.dataSync(), D),
    },
    {
      name: "squaredError",
      flops: 3 * B * D,
      run: () => kernels.squaredError(acts, target),
      reference: () => [squaredError64(data.acts, data.target, B)],
    },
    {
      name: "globalNorm",
      flops: 2 * (F * D + B * D),
      run: () => kernels.globalNorm([weights, acts]),
      reference: () => [globalNorm64([data.weights, data.acts])],
    },
  ];
}

/** Causal attention by itself, since it shares no size with the others. */
export function createAttentionCase({ tf, kernels }: Device, { C, T, H, d }: AttentionSize): BenchCase {
  const shape = { numContexts: C, contextLength: T, numHeads: H };
  const qkv = createRandomData(2).floats(C * T * 3 * H * d);
  const qkv_N3D = tf.tensor2d(qkv.slice(), [C * T, 3 * H * d]);
  return {
    name: "causalAttention",
    flops: 2 * C * H * T * (T + 1) * d,
    run: () => kernels.causalAttention(qkv_N3D, shape),
    reference: () => causalAttention64(qkv, shape),
  };
}
