/** Comparison of what the native device computes with the same tfjs code on tfjs' own CPU backend. */
import * as tf from "@tensorflow/tfjs";
import { expect, expectClose, expectShape } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { callsOf, type Native } from "./native-suite.ts";

/** Makes its inputs anew and computes with the current backend. */
export type Computation = () => tf.Tensor | readonly tf.Tensor[];

export interface Tolerance {
  readonly atol?: number;
  readonly rtol?: number;
}

interface Result {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/**
 * Fails where a result differs in shape, type or value, or where a computation leaves tensors behind on native.
 * @param computations By what is said of them in an error.
 * @returns The functions of the addon that each computation called.
 */
export async function againstCpu(
  open: () => Promise<Native>,
  computations: Readonly<Record<string, Computation>>,
  tolerance: Tolerance = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  await tf.setBackend("cpu");
  const expected = Object.values(computations).map(read);
  const { addon } = await open();
  const calls = new Map<string, readonly string[]>();
  for (const [i, [what, compute]] of Object.entries(computations).entries()) {
    const before = tf.memory().numTensors;
    let received: readonly Result[] = [];
    const called = callsOf(addon, () => (received = read(compute)));
    calls.set(what, called);
    expect(tf.memory().numTensors === before, `${what}: tensors`, `${before}`, tf.memory().numTensors);
    expectAlike(what, received, expected[i]!, tolerance);
  }
  return calls;
}

function read(compute: Computation): readonly Result[] {
  let results: readonly Result[] = [];
  // What a tidy returns is searched for tensors, number by number: so it returns nothing.
  tf.tidy(() => {
    const computed = compute();
    const tensors = Array.isArray(computed) ? (computed as readonly tf.Tensor[]) : [computed as tf.Tensor];
    results = tensors.map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: tensor.dataSync().slice(),
    }));
  });
  return results;
}

function expectAlike(
  what: string,
  received: readonly Result[],
  expected: readonly Result[],
  tolerance: Tolerance,
): void {
  expect(received.length === expected.length, `${what}: results`, `${expected.length}`, received.length);
  for (const [i, { shape, dtype, values }] of received.entries()) {
    const name = `${what}: result ${i}`;
    const reference = expected[i]!;
    expectShape(name, shape, reference.shape);
    expect(dtype === reference.dtype, `type of ${name}`, reference.dtype, dtype);
    expectSame(name, values, reference.values, tolerance);
  }
}

/** Like `expectClose`, but not-a-number agrees with itself, and so do infinities. */
export function expectSame(
  what: string,
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const isSpecial = Array.from(expected, (value, i) => Object.is(value, received[i]) && !Number.isFinite(value));
  const without = (values: ArrayLike<number>): number[] =>
    Array.from(values, (value, i) => (isSpecial[i] === true ? 0 : value));
  expectClose(what, without(received), without(expected), { atol: 1e-6, rtol: 1e-5, ...tolerance });
}

/** A tensor of random numbers in [-1, 1), the same for the same seed. */
export function randomTensor(shape: readonly number[], seed = 1): tf.Tensor {
  return tf.tensor(createRandomData(seed).floats(tf.util.sizeFromShape([...shape])), [...shape]);
}

/** The same of int32 numbers in [-9, 9]. */
export function randomIntegers(shape: readonly number[], seed = 1): tf.Tensor {
  const values = createRandomData(seed).integers(tf.util.sizeFromShape([...shape]), -9, 9);
  return tf.tensor(Int32Array.from(values), [...shape], "int32");
}

/** The gradients of `compute` in all its inputs, of a loss that weighs the result's entries differently. */
export function gradientsOf(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  shapes: readonly (readonly number[])[],
): readonly tf.Tensor[] {
  const inputs = shapes.map((shape, i) => randomTensor(shape, 50 + i));
  const loss = (...at: tf.Tensor[]): tf.Tensor => {
    const result = compute(...at);
    return tf.sum(tf.mul(result, randomTensor(result.shape, 49)));
  };
  return tf.grads(loss)(inputs);
}
