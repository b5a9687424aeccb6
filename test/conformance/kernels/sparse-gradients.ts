/**
 * Conformance of what the backward passes of the sparse kernels return: a device may put off forming it until somebody
 * reads it, and nobody may be able to tell. Each use is compared with the same use of a plain tensor of these values.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import {
  expect,
  expectClose,
  expectShape,
  withoutSkipped,
  type ConformanceCase,
  type Skips,
} from "../conformance-case.ts";
import { makeAlone, sparseGradients, type SparseGradient } from "./drawn-sparse-gradients.ts";
import { normaliseRows64 } from "./float64/norms.ts";
import { hygieneCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

/** @param skip Case name -> reason. */
export function sparseGradientCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const cases = sparseGradients.flatMap((gradient) => [
    ...Object.entries(uses).map(([what, use]) => useCase(subject, gradient, what, use)),
    ...Object.entries(orders).map(([what, read]) => orderCase(subject, gradient, what, read)),
    operandsCase(subject, gradient),
    variableCase(subject, gradient),
    ...hygieneCases(subject, ({ tf }) => gradient.make(gradient.operands(tf), tf)).map(({ name, run }) => ({
      name: `${gradient.what} ${name}`,
      run,
    })),
  ]);
  return withoutSkipped(cases, skip);
}

type Use = (device: Device, gradient: tf.Tensor2D, other: tf.Tensor2D) => tf.Tensor | readonly tf.Tensor[];

/** `other` is a dense tensor of the same shape. */
const uses: Readonly<Record<string, Use>> = {
  "is read twice": (_, g) => [g, g],
  "is added to a dense tensor, from either side": ({ tf }, g, other) => [tf.add(g, other), tf.add(other, g), g],
  "is subtracted and divided": ({ tf }, g, other) => [tf.sub(g, other), tf.div(g, 3), tf.div(other, tf.add(g, 9))],
  "is multiplied by numbers, one after the other": ({ tf }, g) => tf.mul(tf.mul(-1.5, tf.mul(g, 0.25)), 3),
  "is multiplied by a scalar, and by a tensor of one number": ({ tf }, g) => [
    tf.mul(g, tf.scalar(0.3)),
    tf.mul(tf.tensor2d([[0.3]]), g),
  ],
  "is multiplied by zero": ({ tf }, g) => tf.mul(g, 0),
  "is multiplied by numbers that are not finite": ({ tf, kernels }, g) => {
    const isNan = (x: tf.Tensor): tf.Tensor => tf.cast(tf.isNaN(x), "float32");
    return [
      ...[isNan(tf.mul(g, NaN)), isNan(tf.mul(g, Infinity)), isNan(tf.mul(tf.mul(g, 1e30), 1e30))],
      isNan(tf.scalar(kernels.globalNorm([tf.mul(g, NaN)]))),
    ];
  },
  "is multiplied by itself, by a row and by a column": ({ tf }, g, other) => [
    tf.mul(g, g),
    tf.mul(g, tf.slice(other, [1, 0], [1, -1])),
    tf.mul(g, tf.slice(other, [0, 1], [-1, 1])),
  ],
  "is negated and squared": ({ tf }, g) => [tf.neg(g), tf.square(g)],
  "is summed over either axis and over both": ({ tf }, g) => [
    ...[tf.sum(g), tf.sum(g, 0), tf.sum(g, 1), tf.sum(g, 0, true), tf.sum(g, [0, 1])],
    ...[tf.mean(g, 0), tf.max(g, 0), tf.max(g)],
  ],
  "is reshaped": ({ tf }, g) => [tf.reshape(g, [-1]), tf.reshape(g, [1, g.shape[1], g.shape[0]])],
  "is reshaped and then multiplied and summed": ({ tf }, g) => [
    tf.mul(tf.reshape(g, [-1]), 2),
    tf.sum(tf.reshape(g, [g.shape[1], g.shape[0]]), 0),
  ],
  "is cloned": ({ tf }, g) => [tf.clone(g), tf.mul(tf.clone(g), 2)],
  "is transposed, sliced, split and gathered from": ({ tf }, g) => [
    ...[tf.transpose(g), tf.slice(g, [3, 5], [7, 11]), ...tf.split(g, [20, 50], 1)],
    tf.gather(g, tf.tensor1d([4, 0, 4], "int32")),
  ],
  "is stacked and concatenated": ({ tf }, g, other) => [tf.stack([g, other]), tf.concat([other, g], 0)],
  "is a factor of a matrix product": ({ tf }, g, other) => [
    tf.matMul(g, other, false, true),
    tf.matMul(other, g, true, false),
  ],
  "has a norm, alone and beside others": ({ tf, kernels }, g, other) => [
    tf.scalar(kernels.globalNorm([g])),
    tf.scalar(kernels.globalNorm([other, g, tf.reshape(g, [-1])])),
  ],
  "loses its component along the rows of a matrix": ({ kernels }, g, other) =>
    kernels.removeParallelComponent(g, other),
};

function useCase(subject: KernelSubject, gradient: SparseGradient, what: string, use: Use): ConformanceCase {
  return {
    name: `${gradient.what} ${what}`,
    run: async () => {
      const device = await subject.open();
      const { tf } = device;
      const other = createRandomData(32).floats(gradient.values.length);
      tf.tidy(() => {
        const dense = tf.tensor2d(other, [...gradient.shape]);
        const plain = tf.tensor2d(Float32Array.from(gradient.values), [...gradient.shape]);
        const received = listOf(use(device, makeAlone(gradient, tf), dense));
        const expected = listOf(use(device, plain, dense));
        expect(received.length === expected.length, "results", `${expected.length}`, received.length);
        for (const [i, tensor] of received.entries()) {
          const name = `result ${i}`;
          expectShape(name, tensor.shape, expected[i]!.shape);
          expect(tensor.dtype === expected[i]!.dtype, `type of ${name}`, expected[i]!.dtype, tensor.dtype);
          expectClose(name, tensor.dataSync(), expected[i]!.dataSync(), { atol: 1e-5, rtol: 2e-5 });
        }
      });
    },
  };
}

function listOf(tensors: tf.Tensor | readonly tf.Tensor[]): readonly tf.Tensor[] {
  return Array.isArray(tensors) ? (tensors as readonly tf.Tensor[]) : [tensors as tf.Tensor];
}

type Order = (device: Device, gradient: tf.Tensor2D) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Each disposes the tensor, and returns its values as they were read somewhere on the way. */
const orders: Readonly<Record<string, Order>> = {
  "is read by a promise": async (_, g) => {
    const values = await g.data();
    g.dispose();
    return values;
  },
  "outlives in a clone": ({ tf }, g) => {
    const clone = tf.clone(g);
    g.dispose();
    return readAndDispose(clone);
  },
  "outlives in a reshaped tensor": ({ tf }, g) => {
    const flat = tf.reshape(g, [-1]);
    g.dispose();
    return readAndDispose(flat);
  },
  "outlives in a clone of a clone, after it was read": ({ tf }, g) => {
    const clone = tf.clone(tf.clone(g));
    g.dataSync();
    g.dispose();
    return readAndDispose(clone);
  },
  "outlives its clone": ({ tf }, g) => {
    tf.clone(g).dispose();
    return readAndDispose(g);
  },
  "outlives what was multiplied of it": ({ tf }, g) => {
    readAndDispose(tf.mul(g, 2));
    tf.mul(g, 2).dispose();
    return readAndDispose(g);
  },
  "outlives in what was multiplied of it": ({ tf }, g) => {
    const doubled = tf.mul(g, 2);
    g.dispose();
    return readAndDispose(doubled).map((x) => x / 2);
  },
  "keeps its values while memory is taken and returned": ({ tf }, g) => {
    g.dataSync();
    for (let i = 0; i < 5; i++) tf.tidy(() => tf.add(tf.mul(g, 0), 9).dataSync());
    return readAndDispose(g);
  },
};

function readAndDispose(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<"float32">();
  tensor.dispose();
  return values;
}

function orderCase(subject: KernelSubject, gradient: SparseGradient, what: string, read: Order): ConformanceCase {
  return {
    name: `${gradient.what} ${what}`,
    run: async () => {
      const device = await subject.open();
      const { tf } = device;
      const before = tf.memory();
      tf.engine().startScope();
      try {
        const values = await read(device, makeAlone(gradient, tf));
        expectClose("values", values, gradient.values, { atol: 1e-5, rtol: 2e-5 });
      } finally {
        tf.engine().endScope();
      }
      expectSameMemory(before, tf.memory());
    },
  };
}

function expectSameMemory(before: tf.MemoryInfo, after: tf.MemoryInfo): void {
  for (const count of ["numTensors", "numDataBuffers"] as const) {
    expect(after[count] === before[count], count, `${before[count]}`, after[count]);
  }
}

function operandsCase(subject: KernelSubject, gradient: SparseGradient): ConformanceCase {
  return {
    name: `${gradient.what} keeps its values when its operands change and go`,
    run: async () => {
      const { tf, kernels } = await subject.open();
      const before = tf.memory();
      const operands = gradient.operands(tf);
      const matrix = tf.variable(operands.matrix);
      operands.matrix.dispose();
      const made = tf.tidy(() => gradient.make({ ...operands, matrix: matrix as tf.Tensor as tf.Tensor2D }, tf));
      kernels.normaliseRows(matrix);
      tf.dispose([operands.indices_BK, operands.numbers_BK]);
      expectClose("values", made.dataSync(), gradient.values, { atol: 1e-5, rtol: 2e-5 });
      tf.dispose([made, matrix]);
      expectSameMemory(before, tf.memory());
    },
  };
}

function variableCase(subject: KernelSubject, gradient: SparseGradient): ConformanceCase {
  return {
    name: `${gradient.what} becomes a variable whose changes no other tensor sees`,
    run: async () => {
      const { tf, kernels } = await subject.open();
      const before = tf.memory();
      const made = makeAlone(gradient, tf);
      const variable = tf.variable(made);
      const flat = tf.reshape(made, [-1]);
      made.dispose();
      kernels.normaliseRows(variable);
      expectClose("the others", flat.dataSync(), gradient.values, { atol: 1e-5, rtol: 2e-5 });
      const expected = normaliseRows64(gradient.values, gradient.shape[1]);
      expectClose("the variable", variable.dataSync(), expected, { atol: 1e-5, rtol: 2e-5 });
      tf.dispose([flat, variable]);
      expectSameMemory(before, tf.memory());
    },
  };
}
