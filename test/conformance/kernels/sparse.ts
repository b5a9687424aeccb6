/**
 * Conformance of the three sparse kernels on a device: sparseDecode, sparseGatherDot and rowSparseAccumulate against
 * their float64 definitions. They share shapes, data and gradient identities, so they share a suite; each has its own
 * function.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { expectClose, expectShape, withoutSkipped, type ConformanceCase, type Skips } from "../conformance-case.ts";
import type { Numbers } from "./float64/dimensions.ts";
import { rowSparseAccumulate64, sparseDecode64, sparseGatherDot64, type SparseDimensions } from "./float64/sparse.ts";
import {
  checkKernelGradients,
  hygieneCases,
  refusalCases,
  type KernelSubject,
  type Refusal,
} from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

interface Shape extends SparseDimensions {
  readonly what: string;
  /** Features that occur; few make duplicates in a row and in a batch. */
  readonly used?: number;
}

const shapes: readonly Shape[] = [
  { what: "a single number", B: 1, D: 1, F: 1, K: 1 },
  { what: "an odd width", B: 17, D: 7, F: 30, K: 3 },
  { what: "one feature a row", B: 9, D: 4, F: 5, K: 1 },
  { what: "more features a row than a multiple of four", B: 12, D: 6, F: 40, K: 11 },
  { what: "the same feature many times in a row", B: 10, D: 5, F: 20, K: 6, used: 2 },
  { what: "one feature for all rows", B: 23, D: 3, F: 9, K: 2, used: 1 },
  { what: "one row", B: 1, D: 10, F: 6, K: 5 },
];

interface Data {
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly weights: Float32Array;
  readonly rows: Float32Array;
}

function draw({ B, D, F, K, used = F }: Shape, seed: number): Data {
  const random = createRandomData(seed);
  const values = random.floats(B * K);
  // Some zeros: features that were selected but are not active.
  for (let i = 0; i < values.length; i += 5) if (i > 0) values[i] = 0;
  return { indices: random.indices(B * K, used), values, weights: random.floats(F * D), rows: random.floats(B * D) };
}

/** One operation, as the shared cases see it: two differentiable arguments beside the indices. */
interface Operation {
  readonly name: string;
  readonly refusals: readonly Refusal[];
  readonly outputShape: (shape: Shape) => readonly number[];
  readonly inputs: (
    data: Data,
    shape: Shape,
  ) => readonly { readonly name: string; readonly values: Float32Array; readonly shape: readonly [number, number] }[];
  readonly reference: (indices: Int32Array, first: Numbers, second: Numbers, shape: Shape) => Float64Array;
  readonly compute: (
    device: Device,
    indices_BK: tf.Tensor2D,
    inputs: readonly [tf.Tensor2D, tf.Tensor2D],
    shape: Shape,
  ) => tf.Tensor2D;
}

const decode: Operation = {
  name: "sparseDecode",
  outputShape: ({ B, D }) => [B, D],
  inputs: ({ values, weights }, { B, D, F, K }) => [
    { name: "values_BK", values, shape: [B, K] },
    { name: "decoder_FD", values: weights, shape: [F, D] },
  ],
  reference: (indices, values, decoder, shape) => sparseDecode64(indices, values, decoder, shape),
  compute: ({ kernels }, indices_BK, [values_BK, decoder_FD]) =>
    kernels.sparseDecode(indices_BK, values_BK, decoder_FD),
  refusals: [
    {
      what: "values of another shape",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) => kernels.sparseDecode(tf.zeros([2, 3], "int32"), tf.zeros([3, 2]), tf.zeros([4, 5])),
    },
    {
      what: "float indices",
      code: "KERNEL_DTYPE",
      call: ({ tf, kernels }) => kernels.sparseDecode(tf.zeros([2, 3]), tf.zeros([2, 3]), tf.zeros([4, 5])),
    },
    {
      what: "a feature that does not exist",
      code: "KERNEL_INDEX_RANGE",
      call: ({ tf, kernels }) =>
        kernels.sparseDecode(tf.tensor2d([0, 4], [1, 2], "int32"), tf.zeros([1, 2]), tf.zeros([4, 5])),
    },
  ],
};

const gatherDot: Operation = {
  name: "sparseGatherDot",
  outputShape: ({ B, K }) => [B, K],
  inputs: ({ weights, rows }, { B, D, F }) => [
    { name: "weights_FD", values: weights, shape: [F, D] },
    { name: "rows_BD", values: rows, shape: [B, D] },
  ],
  reference: (indices, weights, rows, shape) => sparseGatherDot64(indices, weights, rows, shape),
  compute: ({ kernels }, indices_BK, [weights_FD, rows_BD]) => kernels.sparseGatherDot(indices_BK, weights_FD, rows_BD),
  refusals: [
    {
      what: "rows of another width",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) => kernels.sparseGatherDot(tf.zeros([2, 3], "int32"), tf.zeros([4, 5]), tf.zeros([2, 4])),
    },
    {
      what: "another number of rows",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) => kernels.sparseGatherDot(tf.zeros([2, 3], "int32"), tf.zeros([4, 5]), tf.zeros([3, 5])),
    },
    {
      what: "a negative feature",
      code: "KERNEL_INDEX_RANGE",
      call: ({ tf, kernels }) =>
        kernels.sparseGatherDot(tf.tensor2d([-1], [1, 1], "int32"), tf.zeros([4, 5]), tf.zeros([1, 5])),
    },
  ],
};

const accumulate: Operation = {
  name: "rowSparseAccumulate",
  outputShape: ({ F, D }) => [F, D],
  inputs: ({ values, rows }, { B, D, K }) => [
    { name: "coefficients_BK", values, shape: [B, K] },
    { name: "rows_BD", values: rows, shape: [B, D] },
  ],
  reference: (indices, coefficients, rows, shape) => rowSparseAccumulate64(indices, coefficients, rows, shape),
  compute: ({ kernels }, indices_BK, [coefficients_BK, rows_BD], { F }) =>
    kernels.rowSparseAccumulate(indices_BK, coefficients_BK, rows_BD, F),
  refusals: [
    {
      what: "coefficients of another shape",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) =>
        kernels.rowSparseAccumulate(tf.zeros([2, 3], "int32"), tf.zeros([2, 2]), tf.zeros([2, 4]), 5),
    },
    {
      what: "no features",
      code: "KERNEL_VALUE_RANGE",
      call: ({ tf, kernels }) =>
        kernels.rowSparseAccumulate(tf.zeros([2, 3], "int32"), tf.zeros([2, 3]), tf.zeros([2, 4]), 0),
    },
    {
      what: "a feature beyond numFeatures",
      code: "KERNEL_INDEX_RANGE",
      call: ({ tf, kernels }) =>
        kernels.rowSparseAccumulate(tf.tensor2d([5], [1, 1], "int32"), tf.zeros([1, 1]), tf.zeros([1, 4]), 5),
    },
  ],
};

/** @param skip Case name -> reason. */
export function sparseDecodeCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  return operationCases(subject, decode, skip);
}

/** @param skip Case name -> reason. */
export function sparseGatherDotCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  return operationCases(subject, gatherDot, skip);
}

/** @param skip Case name -> reason. */
export function rowSparseAccumulateCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  return operationCases(subject, accumulate, skip);
}

function operationCases(subject: KernelSubject, operation: Operation, skip?: Skips): readonly ConformanceCase[] {
  const busy = shapes[4]!;
  const busyData = draw(busy, 77);
  const cases = [
    ...shapes.flatMap((shape, i) => [
      valueCase(subject, operation, shape, draw(shape, 40 + i)),
      gradientCase(subject, operation, shape, draw(shape, 60 + i)),
    ]),
    ...hygieneCases(subject, (device) => [
      run(device, operation, busyData, busy),
      device.tf.grads((first, second) =>
        device.tf.sum(
          device.tf.square(
            operation.compute(
              device,
              indicesOf(device, busyData, busy),
              [first as tf.Tensor2D, second as tf.Tensor2D],
              busy,
            ),
          ),
        ),
      )(operation.inputs(busyData, busy).map(({ values, shape }) => device.tf.tensor2d(values, [...shape])))[0]!,
    ]),
    ...refusalCases(subject, operation.refusals),
  ];
  return withoutSkipped(cases, skip);
}

function valueCase(subject: KernelSubject, operation: Operation, shape: Shape, data: Data): ConformanceCase {
  return {
    name: `computes its definition: ${shape.what}`,
    run: async () => {
      const device = await subject.open();
      const [first, second] = operation.inputs(data, shape);
      device.tf.tidy(() => {
        const out = run(device, operation, data, shape);
        expectShape(operation.name, out.shape, operation.outputShape(shape));
        expectClose(
          operation.name,
          out.dataSync(),
          operation.reference(data.indices, first!.values, second!.values, shape),
        );
      });
    },
  };
}

function gradientCase(subject: KernelSubject, operation: Operation, shape: Shape, data: Data): ConformanceCase {
  const [rows = 1, columns = 1] = operation.outputShape(shape);
  return {
    name: `has the gradients: ${shape.what}`,
    run: () =>
      checkKernelGradients(subject, {
        inputs: operation.inputs(data, shape),
        weights: createRandomData(11).floats(rows * columns),
        reference: ([first, second]) => operation.reference(data.indices, first!, second!, shape),
        compute: (device, [first, second]) =>
          operation.compute(
            device,
            indicesOf(device, data, shape),
            [first as tf.Tensor2D, second as tf.Tensor2D],
            shape,
          ),
      }),
  };
}

function run(device: Device, operation: Operation, data: Data, shape: Shape): tf.Tensor2D {
  const [first, second] = operation
    .inputs(data, shape)
    .map((input) => device.tf.tensor2d(input.values, [...input.shape]));
  return operation.compute(device, indicesOf(device, data, shape), [first!, second!], shape);
}

function indicesOf({ tf }: Device, { indices }: Data, { B, K }: Shape): tf.Tensor2D {
  return tf.tensor2d(indices, [B, K], "int32");
}
