/** Conformance of normaliseRows, removeParallelComponent and globalNorm on a device, against float64. */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { expect, expectClose, withoutSkipped, type ConformanceCase, type Skips } from "../conformance-case.ts";
import { globalNorm64, normaliseRows64, removeParallelComponent64 } from "./float64/norms.ts";
import { makeAlone, sparseGradients } from "./drawn-sparse-gradients.ts";
import { hygieneCases, refusalCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

const shapes: readonly [number, number][] = [
  [1, 1],
  [5, 7],
  [30, 4],
  [3, 129],
];

/** Random rows, the last of several being zero. */
function drawMatrix([rows, columns]: readonly [number, number], seed: number): Float32Array {
  const matrix = createRandomData(seed).floats(rows * columns);
  if (rows > 1) matrix.fill(0, (rows - 1) * columns);
  return matrix;
}

/** @param skip Case name -> reason. */
export function decoderNormCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const cases = [
    ...shapes.flatMap((shape, i) => [normaliseCase(subject, shape, i), projectionCase(subject, shape, i)]),
    ...hygieneCases(subject, (device) => {
      const [gradient, matrix] = [drawMatrix([6, 5], 1), drawMatrix([6, 5], 2)].map((m) =>
        device.tf.tensor2d(m, [6, 5]),
      );
      return device.kernels.removeParallelComponent(gradient!, matrix!);
    }),
    ...refusalCases(subject, [
      {
        what: "a gradient of another shape",
        code: "KERNEL_SHAPE",
        call: ({ tf, kernels }) => kernels.removeParallelComponent(tf.zeros([2, 3]), tf.zeros([3, 2])),
      },
      {
        what: "a matrix of integers",
        code: "KERNEL_DTYPE",
        call: ({ tf, kernels }) => kernels.removeParallelComponent(tf.zeros([2, 3]), tf.zeros([2, 3], "int32")),
      },
    ]),
  ];
  return withoutSkipped(cases, skip);
}

function normaliseCase(subject: KernelSubject, shape: [number, number], seed: number): ConformanceCase {
  return {
    name: `divides every row by its norm: ${shape.join(" x ")}`,
    run: async () => {
      const device = await subject.open();
      const values = drawMatrix(shape, 20 + seed);
      const matrix = device.tf.variable(device.tf.tensor2d(values.slice(), shape));
      const before = device.tf.memory().numTensors;
      device.kernels.normaliseRows(matrix);
      expect(device.tf.memory().numTensors === before, "tensors", `${before}`, device.tf.memory().numTensors);
      expectClose("matrix_FD", matrix.dataSync(), normaliseRows64(values, shape[1]));
      matrix.dispose();
    },
  };
}

function projectionCase(subject: KernelSubject, shape: [number, number], seed: number): ConformanceCase {
  return {
    name: `removes what lies along the row: ${shape.join(" x ")}`,
    run: async () => {
      const device = await subject.open();
      const gradient = createRandomData(30 + seed).floats(shape[0] * shape[1]);
      const matrix = drawMatrix(shape, 40 + seed);
      device.tf.tidy(() => {
        const out = device.kernels.removeParallelComponent(
          device.tf.tensor2d(gradient, shape),
          device.tf.tensor2d(matrix, shape),
        );
        expectClose("gradient_FD", out.dataSync(), removeParallelComponent64(gradient, matrix, shape[1]));
      });
    },
  };
}

/** @param skip Case name -> reason. */
export function globalNormCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const norm = async (values: readonly Float32Array[]): Promise<number> => {
    const device = await subject.open();
    const tensors = values.map((at) => device.tf.tensor1d(at.slice()));
    const before = device.tf.memory().numTensors;
    const result = device.kernels.globalNorm(tensors);
    const scalar = device.kernels.globalNormScalar(tensors);
    const [onDevice = -1] = await scalar.data();
    scalar.dispose();
    if (Number.isFinite(result)) expectClose("globalNormScalar", [onDevice], [result], { atol: 0, rtol: 1e-6 });
    else expect(Object.is(onDevice, result), "globalNormScalar", String(result), onDevice);
    expect(device.tf.memory().numTensors === before, "tensors", `${before}`, device.tf.memory().numTensors);
    for (const tensor of tensors) tensor.dispose();
    return result;
  };
  const random = createRandomData(6);
  const several = [random.floats(1), random.floats(10), random.floats(1003)];
  const cases: ConformanceCase[] = [
    {
      name: "is the root of the sum of squares over all tensors",
      run: async () => {
        expectClose("globalNorm", [await norm(several)], [globalNorm64(several)], { atol: 0, rtol: 1e-6 });
      },
    },
    ...sparseGradients.map((gradient) => ({
      name: `is that of ${gradient.what}, alone and beside a dense tensor`,
      run: async () => {
        const { tf, kernels } = await subject.open();
        const before = tf.memory().numTensors;
        const [sparse, dense] = [makeAlone(gradient, tf), tf.tensor1d(several[1]!)];
        const received = [kernels.globalNorm([sparse]), kernels.globalNorm([dense, sparse])];
        const expected = [globalNorm64([gradient.values]), globalNorm64([gradient.values, several[1]!])];
        expectClose("globalNorm", received, expected, { atol: 0, rtol: 1e-6 });
        tf.dispose([sparse, dense]);
        expect(tf.memory().numTensors === before, "tensors", `${before}`, tf.memory().numTensors);
      },
    })),
    {
      name: "is zero for no tensors and for zeros",
      run: async () => {
        expect((await norm([])) === 0, "norm of no tensors", "0", "another");
        expect((await norm([new Float32Array(5)])) === 0, "norm of zeros", "0", "another");
      },
    },
    {
      name: "takes scalars and any rank",
      run: async () => {
        const device = await subject.open();
        const result = device.tf.tidy(
          () => device.kernels.globalNorm([device.tf.scalar(3), device.tf.fill([1, 1, 1], 4)]) + 0,
        );
        expect(result === 5, "norm of 3 and 4", "5", result);
      },
    },
    {
      name: "is not a number when an entry is not",
      run: async () => {
        expect(Number.isNaN(await norm([Float32Array.of(1, NaN)])), "norm with NaN", "NaN", "a number");
      },
    },
    ...refusalCases(subject, [
      {
        what: "integers",
        code: "KERNEL_DTYPE",
        call: ({ tf, kernels }: Device) => kernels.globalNorm([tf.zeros<tf.Rank>([2], "int32")]),
      },
    ]),
  ];
  return withoutSkipped(cases, skip);
}
