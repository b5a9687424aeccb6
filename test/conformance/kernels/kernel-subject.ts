/**
 * What a kernel suite runs against, and the checks that every operation's suite shares: same bits twice, no tensor
 * left behind, gradients against finite differences of the float64 reference, refusals with a code.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { KernelError, type KernelErrorCode } from "../../../kernels/kernel-error.ts";
import { expect, expectClose, fail, type ConformanceCase } from "../conformance-case.ts";
import type { Numbers } from "./float64/dimensions.ts";

export interface KernelSubject {
  /** "host kernels on wasm" */
  readonly name: string;
  /** Makes the device current, with the kernels under test registered. Called by every case; opening again is cheap. */
  readonly open: () => Promise<Device>;
}

/** What an operation returned, disposed by the caller. */
export type Compute = (device: Device) => tf.Tensor | readonly tf.Tensor[];

/** The operation gives the same bits twice, and after tidy leaves no tensor behind. */
export function hygieneCases(subject: KernelSubject, compute: Compute): readonly ConformanceCase[] {
  return [
    {
      name: "gives the same bits every time",
      run: async () => {
        const device = await subject.open();
        const [first, second] = [read(device, compute), read(device, compute)];
        for (const [i, bytes] of first.entries()) {
          expect(Buffer.compare(bytes, second[i]!) === 0, `output ${i}`, "the same bytes in both calls", "others");
        }
      },
    },
    {
      name: "leaves no tensor behind",
      run: async () => {
        const device = await subject.open();
        read(device, compute);
        expectSameMemory(device, () => {
          read(device, compute);
        });
      },
    },
  ];
}

function read(device: Device, compute: Compute): Buffer[] {
  return device.tf.tidy(() => {
    const outputs = compute(device);
    const list = Array.isArray(outputs) ? (outputs as readonly tf.Tensor[]) : [outputs as tf.Tensor];
    return list.map((tensor) => {
      const values = tensor.dataSync();
      return Buffer.from(values.slice().buffer);
    });
  });
}

export interface GradientInput {
  readonly name: string;
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export interface GradientComparison {
  readonly inputs: readonly GradientInput[];
  /** What the scalar under test weighs the output's entries with: loss = sum of weights * output. */
  readonly weights: Float32Array;
  /** The output with these inputs, by the float64 reference. */
  readonly reference: (inputs: readonly Numbers[]) => Numbers;
  /** The output on the device. */
  readonly compute: (device: Device, inputs: readonly tf.Tensor[]) => tf.Tensor;
}

/** Compares tf.grads of the kernel with central finite differences of the float64 reference, every coordinate. */
export async function checkKernelGradients(subject: KernelSubject, comparison: GradientComparison): Promise<void> {
  const device = await subject.open();
  const { inputs, weights, reference, compute } = comparison;
  const gradients = device.tf.tidy(() => {
    const { tf } = device;
    const tensors = inputs.map(({ values, shape }) => tf.tensor(values.slice(), [...shape]));
    const loss = (...at: tf.Tensor[]): tf.Tensor => {
      const output = compute(device, at);
      return tf.sum(tf.mul(output, tf.tensor(weights.slice(), output.shape)));
    };
    return tf
      .grads(loss)(tensors)
      .map((gradient) => gradient.dataSync().slice());
  });
  for (const [i, input] of inputs.entries()) {
    const numeric = finiteDifferences(
      inputs.map(({ values }) => values),
      i,
      (at) => weighted(reference(at), weights),
    );
    expectClose(`gradient in ${input.name}`, gradients[i]!, numeric, { atol: 2e-5, rtol: 2e-4 });
  }
}

function finiteDifferences(
  inputs: readonly Float32Array[],
  moved: number,
  loss: (inputs: readonly Numbers[]) => number,
): Float64Array {
  const step = 1e-6;
  const at = inputs.map((values) => Float64Array.from(values));
  const target = at[moved]!;
  return target.map((start, j) => {
    target[j] = start + step;
    const above = loss(at);
    target[j] = start - step;
    const below = loss(at);
    target[j] = start;
    return (above - below) / (2 * step);
  });
}

function weighted(values: Numbers, weights: Numbers): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[i]!;
  return sum;
}

/** One wrong call and the code that it must be refused with. */
export interface Refusal {
  readonly what: string;
  readonly code: KernelErrorCode;
  readonly call: (device: Device) => unknown;
}

/** Every wrong call throws a KernelError with its code that says where, what was expected and what arrived. */
export function refusalCases(subject: KernelSubject, refusals: readonly Refusal[]): readonly ConformanceCase[] {
  return refusals.map(({ what, code, call }) => ({
    name: `refuses ${what}`,
    run: async () => {
      const device = await subject.open();
      const error = refusal(device, call);
      if (error === undefined) return fail(what, `KernelError ${code}`, "nothing thrown");
      expect(error.code === code, `code for ${what}`, code, error.code);
      for (const field of ["where", "expected", "received"] as const) {
        expect(
          error[field] !== undefined && error[field] !== "",
          `${field} of the error for ${what}`,
          "some text",
          error[field],
        );
      }
    },
  }));
}

/** @throws What the call throws when that is no KernelError. */
function refusal(device: Device, call: (device: Device) => unknown): KernelError | undefined {
  device.tf.engine().startScope();
  try {
    call(device);
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  } finally {
    device.tf.engine().endScope();
  }
}

/** Fails if `work` leaves tensors behind, or memory that no tensor has. */
export function expectSameMemory({ tf }: Device, work: () => void): void {
  const before = tf.memory();
  work();
  const after = tf.memory();
  expect(after.numTensors === before.numTensors, "tensors", `${before.numTensors}`, after.numTensors);
  expect(after.numDataBuffers === before.numDataBuffers, "buffers", `${before.numDataBuffers}`, after.numDataBuffers);
}
