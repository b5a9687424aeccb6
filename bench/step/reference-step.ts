/**
 * One training step of the paper's recipe by its definition, in float64: what a device's step is checked against.
 *
 *   decoder rows /= their norms;  losses and gradients;  clip;  decoder gradient -= its part along each row;  Adam
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, K active features a row.
 * @see amudide/switch_sae trainers/switch.py; core/training/train.ts
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over arrays, every index below a length */
import { geometricMedian } from "../../core/model/geometric-median.ts";
import { adamStep64, createAdam64, type Adam64 } from "../../test/conformance/kernels/float64/adam.ts";
import type { Numbers } from "../../test/conformance/kernels/float64/dimensions.ts";
import { encodeTopK64 } from "../../test/conformance/kernels/float64/encode-top-k.ts";
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
import { gradientClip, learningRateFor, loadBalanceWeight } from "./recipe.ts";
import type { StepSize } from "./size.ts";

export interface ReferenceStep {
  readonly loss: number;
  readonly gradientNorm: number;
}

export interface ReferenceTraining {
  step(batch_BD: Float32Array): ReferenceStep;
  /** By name, as they are now; before the first step, with the biases where that starts. */
  parameters(): ReadonlyMap<string, Float64Array>;
}

/** Names in the order in which updates are applied. */
const names = ["encoder", "decoder", "decoder_bias", "router.weight", "router.input_bias"] as const;
type Name = (typeof names)[number];
type Named = Readonly<Record<Name, Numbers>>;

/**
 * @param start Initial parameters by name; those of a router are absent with one expert.
 * @param firstBatch_BD Its geometric median is where the biases start.
 */
export function createReferenceTraining(
  size: StepSize,
  start: ReadonlyMap<string, Numbers>,
  firstBatch_BD: Float32Array,
): ReferenceTraining {
  const median_D = geometricMedian(firstBatch_BD, size.D);
  const own = names.filter((name) => start.has(name));
  const states = new Map<Name, Adam64>(own.map((name) => [name, createAdam64(start.get(name)!)]));
  for (const name of ["decoder_bias", "router.input_bias"] as const) states.get(name)?.parameter.set(median_D);
  const options = { learningRate: learningRateFor(size), beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const value = (name: Name): Float64Array => states.get(name)?.parameter ?? new Float64Array(0);

  const update = (gradients: Named, scale: number): void => {
    for (const [name, state] of states) {
      const clipped = Float64Array.from(gradients[name], (x) => x * scale);
      const applied = name === "decoder" ? removeParallelComponent64(clipped, state.parameter, size.D) : clipped;
      adamStep64(state, applied, options);
      // The two biases are one vector that takes both updates, one after the other.
      if (name === "decoder_bias") states.get("router.input_bias")?.parameter.set(state.parameter);
      if (name === "router.input_bias") states.get("decoder_bias")!.parameter.set(state.parameter);
    }
  };
  return {
    step: (batch_BD) => {
      const decoder = states.get("decoder")!.parameter;
      decoder.set(normaliseRows64(decoder, size.D));
      const parameters = Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Float64Array>;
      const { loss, gradients } = size.E === 1 ? dense(size, parameters, batch_BD) : routed(size, parameters, batch_BD);
      const gradientNorm = globalNorm64(own.map((name) => gradients[name]));
      update(gradients, Math.min(1, gradientClip / (gradientNorm + 1e-6)));
      return { loss, gradientNorm };
    },
    parameters: () => new Map(own.map((name) => [name, value(name).slice()])),
  };
}

interface LossAndGradients {
  readonly loss: number;
  readonly gradients: Named;
}

interface Gated {
  /** [B] the expert of each row */
  readonly experts: Numbers;
  /** [B] what multiplies its code */
  readonly gates: Numbers;
}

function dense(size: StepSize, parameters: Named, batch: Numbers): LossAndGradients {
  const gated = { experts: new Int32Array(size.B), gates: new Float64Array(size.B).fill(1) };
  const { loss, gradients } = reconstruct(size, parameters, { batch, ...gated });
  return { loss, gradients: { ...gradients, "router.weight": [], "router.input_bias": [] } };
}

/** The router around the dictionary: p = softmax(W (x - b)), the largest chooses, and its probability is the gate. */
function routed(size: StepSize, parameters: Named, batch: Numbers): LossAndGradients {
  const { B, D, E } = size;
  const weight = parameters["router.weight"];
  const centred = centredRows(batch, parameters["router.input_bias"]);
  const probabilities = softmaxRows(multiply(centred, transpose(weight, E, D), { rows: B, inner: D, columns: E }), E);
  const experts = Int32Array.from({ length: B }, (_, b) => argMax(probabilities.subarray(b * E, (b + 1) * E)));
  const gates = Float64Array.from(experts, (expert, b) => probabilities[b * E + expert]!);
  const { loss, gradients, dGates } = reconstruct(size, parameters, { batch, experts, gates });

  const shares = new Float64Array(E);
  for (const expert of experts) shares[expert]! += 1 / B;
  const means = columnSums(probabilities, E).map((sum) => sum / B);
  const balance = E * shares.reduce((sum, share, e) => sum + share * means[e]!, 0);
  const dProbabilities = probabilities.map((_, at) => (loadBalanceWeight * D * E * shares[at % E]!) / B);
  for (const [b, expert] of experts.entries()) dProbabilities[b * E + expert]! += dGates[b]!;

  const dScores = softmaxGradient(probabilities, dProbabilities, E);
  const dWeight = multiply(transpose(dScores, B, E), centred, { rows: E, inner: B, columns: D });
  const dCentred = multiply(dScores, weight, { rows: B, inner: E, columns: D });
  return {
    loss: loss + loadBalanceWeight * D * balance,
    gradients: {
      ...gradients,
      "router.weight": dWeight,
      "router.input_bias": columnSums(dCentred, D).map((sum) => -sum),
    },
  };
}

/** The squared error of the dictionary's reconstruction, and its gradients by the dictionary, its bias and the gates. */
function reconstruct(
  size: StepSize,
  { encoder, decoder, decoder_bias: bias }: Named,
  { batch, experts, gates }: Gated & { readonly batch: Numbers },
): {
  readonly loss: number;
  readonly gradients: Pick<Named, "encoder" | "decoder" | "decoder_bias">;
  readonly dGates: Float64Array;
} {
  const { B, D, F, K } = size;
  const acts = centredRows(batch, bias);
  const { indices, values } = encodeTopK64({ acts, encoder, experts, gates }, { ...size, R: 1 }, K);
  const code = values.map((value, at) => value * gates[Math.floor(at / K)]!);
  const error = sparseDecode64(indices, code, decoder, size).map((x, at) => x + bias[at % D]! - batch[at]!);
  const dOut = error.map((x) => (2 * x) / B);
  const dCode = sparseGatherDot64(indices, decoder, dOut, size);
  const dGates = new Float64Array(B);
  const dValues = values.map((value, at) => {
    const b = Math.floor(at / K);
    dGates[b]! += dCode[at]! * value;
    return value > 0 ? dCode[at]! * gates[b]! : 0;
  });
  const throughEncoder = columnSums(sparseDecode64(indices, dValues, encoder, size), D);
  return {
    loss: error.reduce((sum, x) => sum + x * x, 0) / B,
    gradients: {
      encoder: rowSparseAccumulate64(indices, dValues, acts, { B, D, F, K }),
      decoder: rowSparseAccumulate64(indices, code, dOut, { B, D, F, K }),
      decoder_bias: columnSums(dOut, D).map((sum, d) => sum - throughEncoder[d]!),
    },
    dGates,
  };
}

function centredRows(rows: Numbers, bias: Numbers): Float64Array {
  return Float64Array.from(rows, (x, at) => x - bias[at % bias.length]!);
}

function softmaxRows(scores: Float64Array, columns: number): Float64Array {
  const out = new Float64Array(scores.length);
  for (let start = 0; start < scores.length; start += columns) {
    const row = scores.subarray(start, start + columns);
    const largest = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
    out.set(
      row.map((x) => Math.exp(x - largest) / total),
      start,
    );
  }
  return out;
}

/** dScores = p (dp - sum of p dp), row by row. */
function softmaxGradient(p: Float64Array, dp: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(p.length / columns);
  for (let at = 0; at < p.length; at++) sums[Math.floor(at / columns)]! += p[at]! * dp[at]!;
  return p.map((x, at) => x * (dp[at]! - sums[Math.floor(at / columns)]!));
}

function argMax(row: Float64Array): number {
  return row.indexOf(Math.max(...row));
}

function columnSums(matrix: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let at = 0; at < matrix.length; at++) sums[at % columns]! += matrix[at]!;
  return sums;
}

function transpose(matrix: Numbers, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]!,
  );
}

function multiply(
  a: Numbers,
  b: Numbers,
  { rows, inner, columns }: { readonly rows: number; readonly inner: number; readonly columns: number },
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * b[k * columns + j]!;
    }
  }
  return out;
}
