/**
 * Conformance of encodeTopK on a device: the selection exactly as the contract orders it (ties included), values and
 * slots, gradients, and refusals.
 */
import type * as tf from "@tensorflow/tfjs";
import type { EncodeTopKOutput } from "../../../kernels/kernels.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { expect, expectClose, withoutSkipped, type ConformanceCase, type Skips } from "../conformance-case.ts";
import { encodeTopK64, type EncodeTopK64Input } from "./float64/encode-top-k.ts";
import type { Dimensions } from "./float64/dimensions.ts";
import { encodeTopKRefusals } from "./encode-top-k-refusals.ts";
import { checkKernelGradients, hygieneCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

interface Shape extends Dimensions {
  readonly what: string;
  readonly k: number;
  readonly used?: number;
  readonly bias?: boolean;
  /** "integers" makes many exact ties; "negative" makes every pre-activation negative. */
  readonly data?: "floats" | "integers" | "negative";
}

const shapes: readonly Shape[] = [
  { what: "a single number", B: 1, D: 1, F: 1, E: 1, R: 1, k: 1 },
  { what: "one expert with a bias", B: 9, D: 7, F: 13, E: 1, R: 1, k: 4, bias: true },
  { what: "k of 1", B: 30, D: 6, F: 15, E: 5, R: 1, k: 1 },
  { what: "k of all features of a row", B: 8, D: 5, F: 21, E: 3, R: 1, k: 7, bias: true },
  { what: "k of all features of two experts", B: 8, D: 5, F: 21, E: 3, R: 2, k: 14 },
  { what: "k above the features of one expert", B: 20, D: 9, F: 28, E: 4, R: 2, k: 10, bias: true },
  { what: "three experts a row", B: 25, D: 8, F: 40, E: 5, R: 3, k: 6 },
  { what: "experts that receive no row", B: 11, D: 5, F: 32, E: 8, R: 1, k: 3, used: 2 },
  { what: "exact ties", B: 60, D: 3, F: 40, E: 2, R: 1, k: 5, data: "integers", bias: true },
  { what: "exact ties across experts", B: 60, D: 3, F: 40, E: 5, R: 3, k: 7, data: "integers" },
  { what: "no positive pre-activation", B: 6, D: 5, F: 24, E: 4, R: 1, k: 4, data: "negative" },
  { what: "no positive pre-activation in two experts", B: 6, D: 5, F: 12, E: 4, R: 2, k: 4, data: "negative" },
  { what: "many features", B: 13, D: 6, F: 900, E: 1, R: 1, k: 40, bias: true },
  { what: "many features of two experts", B: 13, D: 6, F: 1500, E: 3, R: 2, k: 33 },
  { what: "fewer positive ones of many features than k", B: 13, D: 4, F: 700, E: 1, R: 1, k: 600 },
  { what: "none positive of many features", B: 13, D: 4, F: 700, E: 1, R: 1, k: 300, data: "negative" },
  { what: "more rows than one tile", B: 700, D: 4, F: 2048, E: 2, R: 1, k: 9, data: "integers" },
];

function draw(shape: Shape, seed: number): EncodeTopK64Input {
  const random = createRandomData(seed);
  const { B, D, F, R, data = "floats" } = shape;
  const matrix = (length: number, sign: number): Float32Array => {
    if (data === "integers") return random.integers(length, -2, 2);
    return data === "negative" ? random.floats(length).map((x) => sign * (Math.abs(x) + 0.1)) : random.floats(length);
  };
  return {
    acts: matrix(B * D, 1),
    encoder: matrix(F * D, -1),
    ...(shape.bias === true ? { bias: matrix(F, -1) } : {}),
    experts: random.routing(shape, shape.used),
    // Integer gates include 0, which puts a whole expert's features among the zeros.
    gates: data === "integers" ? random.integers(B * R, 0, 2) : random.floats(B * R).map((x) => Math.abs(x) + 0.1),
  };
}

export function runEncodeTopK(
  device: Device,
  input: EncodeTopK64Input,
  shape: Dimensions,
  k: number,
): EncodeTopKOutput {
  const { tf, kernels } = device;
  const { B, D, F, E, R } = shape;
  return kernels.encodeTopK({
    acts_BD: tf.tensor2d(Float32Array.from(input.acts), [B, D]),
    encoder_FD: tf.tensor2d(Float32Array.from(input.encoder), [F, D]),
    ...(input.bias === undefined ? {} : { encoderBias_F: tf.tensor1d(Float32Array.from(input.bias)) }),
    expertIndices_BR: tf.tensor2d(Int32Array.from(input.experts), [B, R], "int32"),
    gates_BR: tf.tensor2d(Float32Array.from(input.gates), [B, R]),
    numExperts: E,
    k,
  });
}

/** @param skip Case name -> reason. */
export function encodeTopKCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const hygieneShape = shapes[5]!;
  const hygieneInput = draw(hygieneShape, 7);
  const cases: ConformanceCase[] = [
    ...shapes.map((shape, seed) => selectionCase(subject, shape, 300 + seed)),
    ...shapes.filter(({ data, B }) => data === undefined && B < 12).map((shape) => gradientCase(subject, shape)),
    maskedGradientCase(subject),
    routerOnTapeCase(subject),
    ...hygieneCases(subject, (device) => {
      const output = runEncodeTopK(device, hygieneInput, hygieneShape, hygieneShape.k);
      return [output.indices_BK, output.values_BK, output.slots_BK];
    }),
    ...encodeTopKRefusals(subject),
  ];
  return withoutSkipped(cases, skip);
}

function selectionCase(subject: KernelSubject, shape: Shape, seed: number): ConformanceCase {
  return {
    name: `selects as the contract orders: ${shape.what}`,
    run: async () => {
      const device = await subject.open();
      const input = draw(shape, seed);
      const expected = encodeTopK64(input, shape, shape.k);
      device.tf.tidy(() => {
        const { indices_BK, values_BK, slots_BK } = runEncodeTopK(device, input, shape, shape.k);
        const types = [indices_BK.dtype, values_BK.dtype, slots_BK.dtype].join();
        expect(types === "int32,float32,int32", "types", "int32, float32, int32", types);
        expect(indices_BK.shape.join() === [shape.B, shape.k].join(), "shape", "[B, k]", indices_BK.shape);
        expectClose("indices_BK", indices_BK.dataSync(), expected.indices, { atol: 0, rtol: 0 });
        expectClose("slots_BK", slots_BK.dataSync(), expected.slots, { atol: 0, rtol: 0 });
        expectClose("values_BK", values_BK.dataSync(), expected.values);
      });
    },
  };
}

function gradientCase(subject: KernelSubject, shape: Shape): ConformanceCase {
  return {
    name: `has the gradients: ${shape.what}`,
    run: () => {
      const input = draw(shape, 55);
      const { B, D, F, E, R, k } = shape;
      const bias = Float32Array.from(input.bias ?? new Float32Array(F));
      return checkKernelGradients(subject, {
        inputs: [
          { name: "acts_BD", values: Float32Array.from(input.acts), shape: [B, D] },
          { name: "encoder_FD", values: Float32Array.from(input.encoder), shape: [F, D] },
          { name: "encoderBias_F", values: bias, shape: [F] },
        ],
        weights: createRandomData(9).floats(B * k),
        reference: ([acts, encoder, at]) =>
          encodeTopK64({ ...input, acts: acts!, encoder: encoder!, bias: at! }, shape, k).values,
        compute: ({ tf, kernels }, [acts, encoder, at]) =>
          kernels.encodeTopK({
            acts_BD: acts as tf.Tensor2D,
            encoder_FD: encoder as tf.Tensor2D,
            encoderBias_F: at as tf.Tensor1D,
            expertIndices_BR: tf.tensor2d(Int32Array.from(input.experts), [B, R], "int32"),
            gates_BR: tf.tensor2d(Float32Array.from(input.gates), [B, R]),
            numExperts: E,
            k,
          }).values_BK,
      });
    },
  };
}

function maskedGradientCase(subject: KernelSubject): ConformanceCase {
  const shape = shapes.find(({ data }) => data === "negative")!;
  return {
    name: "passes no gradient where the value is zero",
    run: async () => {
      const device = await subject.open();
      const input = draw(shape, 3);
      device.tf.tidy(() => {
        const { tf } = device;
        const loss = (encoder: tf.Tensor): tf.Tensor => {
          const encoderValues = { ...input, encoder: encoder.dataSync() };
          const output = device.kernels.encodeTopK({
            acts_BD: tf.tensor2d(Float32Array.from(encoderValues.acts), [shape.B, shape.D]),
            encoder_FD: encoder as tf.Tensor2D,
            expertIndices_BR: tf.tensor2d(Int32Array.from(input.experts), [shape.B, shape.R], "int32"),
            gates_BR: tf.tensor2d(Float32Array.from(input.gates), [shape.B, shape.R]),
            numExperts: shape.E,
            k: shape.k,
          });
          return tf.sum(output.values_BK);
        };
        const gradient = tf.grad(loss)(tf.tensor2d(Float32Array.from(input.encoder), [shape.F, shape.D]));
        const norm = tf.sum(tf.abs(gradient)).dataSync()[0]!;
        expect(norm === 0, "gradient in encoder_FD", "all zero", norm);
      });
    },
  };
}

/** Indices and gates that depend on a trained router must not disturb the tape: tfjs wants float gradients of them. */
function routerOnTapeCase(subject: KernelSubject): ConformanceCase {
  return {
    name: "works inside a gradient through a trained router",
    run: async () => {
      const device = await subject.open();
      const random = createRandomData(4);
      const size = { B: 10, D: 4, F: 12, E: 3, R: 1 };
      const input = { acts: random.floats(40), encoder: random.floats(48), router: random.floats(12) };
      device.tf.tidy(() => {
        const { tf, kernels } = device;
        const acts_BD = tf.tensor2d(input.acts, [size.B, size.D]);
        const loss = (encoder: tf.Tensor, router: tf.Tensor): tf.Tensor => {
          const probabilities_BE = tf.softmax(tf.matMul(acts_BD, router as tf.Tensor2D));
          const gates_BR = tf.max<tf.Tensor2D>(probabilities_BE, 1, true);
          const expertIndices_BR = tf.expandDims<tf.Tensor2D>(tf.argMax(probabilities_BE, 1), 1);
          const encoder_FD = encoder as tf.Tensor2D;
          const code = kernels.encodeTopK({ acts_BD, encoder_FD, expertIndices_BR, gates_BR, numExperts: 3, k: 2 });
          return tf.sum(tf.mul(kernels.sparseDecode(code.indices_BK, tf.mul(code.values_BK, gates_BR), encoder_FD), 1));
        };
        const [encoderGradient, routerGradient] = tf.grads(loss)([
          tf.tensor2d(input.encoder, [size.F, size.D]),
          tf.tensor2d(input.router, [size.D, size.E]),
        ]) as [tf.Tensor, tf.Tensor];
        for (const [name, gradient] of Object.entries({ encoderGradient, routerGradient })) {
          const size1 = tf.sum(tf.abs(gradient)).dataSync()[0]!;
          expect(size1 > 0 && Number.isFinite(size1), name, "a finite gradient other than zero", size1);
        }
      });
    },
  };
}
