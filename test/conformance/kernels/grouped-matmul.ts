/**
 * Conformance of groupedEncode and groupedDecode on a device: against the float64 definition over shapes that break
 * sloppy code, with gradients in both arguments.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { expectClose, expectShape, withoutSkipped, type ConformanceCase, type Skips } from "../conformance-case.ts";
import type { Dimensions } from "./float64/dimensions.ts";
import { groupedDecode64, groupedEncode64 } from "./float64/grouped.ts";
import { checkKernelGradients, hygieneCases, refusalCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

interface Shape extends Dimensions {
  readonly what: string;
  /** Experts that receive rows; all when absent. */
  readonly used?: number;
}

const shapes: readonly Shape[] = [
  { what: "a single number", B: 1, D: 1, F: 1, E: 1, R: 1 },
  { what: "one expert", B: 9, D: 7, F: 13, E: 1, R: 1 },
  { what: "an odd number of features an expert", B: 33, D: 6, F: 15, E: 5, R: 1 },
  { what: "two experts a row", B: 20, D: 9, F: 28, E: 4, R: 2 },
  { what: "all experts a row", B: 10, D: 8, F: 24, E: 3, R: 3 },
  { what: "one row", B: 1, D: 5, F: 16, E: 8, R: 1 },
  { what: "one feature an expert", B: 12, D: 4, F: 6, E: 6, R: 2 },
  { what: "experts that receive no row", B: 11, D: 5, F: 32, E: 8, R: 1, used: 3 },
];

interface Data {
  readonly acts: Float32Array;
  readonly weights: Float32Array;
  readonly values: Float32Array;
  readonly experts: Int32Array;
}

function draw(size: Shape, seed: number): Data {
  const random = createRandomData(seed);
  return {
    acts: random.floats(size.B * size.D),
    weights: random.floats(size.F * size.D),
    values: random.floats((size.B * size.R * size.F) / size.E),
    experts: random.routing(size, size.used),
  };
}

function encode(device: Device, { acts, weights, experts }: Data, { B, D, F, E, R }: Dimensions): tf.Tensor {
  const { tf, kernels } = device;
  const [acts_BD, weights_FD] = [tf.tensor2d(acts, [B, D]), tf.tensor2d(weights, [F, D])];
  return kernels.groupedEncode(acts_BD, weights_FD, tf.tensor2d(experts, [B, R], "int32"), E);
}

function decode(device: Device, { values, weights, experts }: Data, { B, D, F, E, R }: Dimensions): tf.Tensor {
  const { tf, kernels } = device;
  const [values_BRM, weights_FD] = [tf.tensor3d(values, [B, R, F / E]), tf.tensor2d(weights, [F, D])];
  return kernels.groupedDecode(values_BRM, weights_FD, tf.tensor2d(experts, [B, R], "int32"), E);
}

/** @param skip Case name -> reason. */
export function groupedMatmulCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const hygieneShape = shapes[3]!;
  const hygieneData = draw(hygieneShape, 1);
  const cases: ConformanceCase[] = [
    ...shapes.flatMap((shape, seed) => shapeCases(subject, shape, seed)),
    ...hygieneCases(subject, (device) => {
      const values_BRM = encode(device, hygieneData, hygieneShape);
      return [values_BRM, decode(device, hygieneData, hygieneShape), gradientsOf(device, hygieneData, hygieneShape)];
    }),
    ...groupedRefusals(subject),
  ];
  return withoutSkipped(cases, skip);
}

function shapeCases(subject: KernelSubject, shape: Shape, seed: number): readonly ConformanceCase[] {
  const data = draw(shape, 100 + seed);
  const { acts, weights, values, experts } = data;
  const { B, D, F, E, R } = shape;
  const M = F / E;
  return [
    {
      name: `encodes every row with its experts: ${shape.what}`,
      run: async () => {
        const device = await subject.open();
        device.tf.tidy(() => {
          const out = encode(device, data, shape);
          expectShape("groupedEncode", out.shape, [B, R, M]);
          expectClose("groupedEncode", out.dataSync(), groupedEncode64(acts, weights, experts, shape));
        });
      },
    },
    {
      name: `decodes every row with its experts: ${shape.what}`,
      run: async () => {
        const device = await subject.open();
        device.tf.tidy(() => {
          const out = decode(device, data, shape);
          expectShape("groupedDecode", out.shape, [B, D]);
          expectClose("groupedDecode", out.dataSync(), groupedDecode64(values, weights, experts, shape));
        });
      },
    },
    {
      name: `has the gradients of groupedEncode: ${shape.what}`,
      run: () =>
        checkKernelGradients(subject, {
          inputs: [
            { name: "acts_BD", values: acts, shape: [B, D] },
            { name: "weights_FD", values: weights, shape: [F, D] },
          ],
          weights: values,
          reference: ([a, w]) => groupedEncode64(a!, w!, experts, shape),
          compute: ({ tf, kernels }, [a, w]) =>
            kernels.groupedEncode(a as tf.Tensor2D, w as tf.Tensor2D, tf.tensor2d(experts, [B, R], "int32"), E),
        }),
    },
    {
      name: `has the gradients of groupedDecode: ${shape.what}`,
      run: () =>
        checkKernelGradients(subject, {
          inputs: [
            { name: "values_BRM", values, shape: [B, R, M] },
            { name: "weights_FD", values: weights, shape: [F, D] },
          ],
          weights: acts,
          reference: ([v, w]) => groupedDecode64(v!, w!, experts, shape),
          compute: ({ tf, kernels }, [v, w]) =>
            kernels.groupedDecode(v as tf.Tensor3D, w as tf.Tensor2D, tf.tensor2d(experts, [B, R], "int32"), E),
        }),
    },
  ];
}

/** A scalar's gradient through both kernels: what a training step does. */
function gradientsOf(device: Device, { acts, weights, experts }: Data, { B, D, F, E, R }: Dimensions): tf.Tensor {
  const { tf, kernels } = device;
  const expertIndices_BR = tf.tensor2d(experts, [B, R], "int32");
  const acts_BD = tf.tensor2d(acts, [B, D]);
  const loss = (w: tf.Tensor): tf.Tensor => {
    const weights_FD = w as tf.Tensor2D;
    const values_BRM = kernels.groupedEncode(acts_BD, weights_FD, expertIndices_BR, E);
    return tf.sum(tf.square(kernels.groupedDecode(values_BRM, weights_FD, expertIndices_BR, E)));
  };
  return tf.grad(loss)(tf.tensor2d(weights, [F, D]));
}

function groupedRefusals(subject: KernelSubject): readonly ConformanceCase[] {
  const call =
    (change: {
      acts?: [number, number];
      experts?: [number, number];
      indices?: number[];
      dtype?: "int32" | "float32";
      E?: number;
    }) =>
    ({ tf, kernels }: Device): unknown => {
      const { acts = [2, 3], experts = [2, 2], indices = [0, 1, 1, 0], dtype = "int32", E = 2 } = change;
      const expertIndices = tf.tensor<tf.Rank.R2>(indices, experts, dtype);
      return kernels.groupedEncode(tf.zeros<tf.Rank.R2>(acts), tf.zeros([4, 3]), expertIndices, E);
    };
  return refusalCases(subject, [
    { what: "activations of another width", code: "KERNEL_SHAPE", call: call({ acts: [2, 5] }) },
    {
      what: "activations of another rank",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) =>
        kernels.groupedEncode(
          tf.zeros<tf.Rank>([2, 3, 1]) as tf.Tensor2D,
          tf.zeros([4, 3]),
          tf.zeros([2, 1], "int32"),
          2,
        ),
    },
    { what: "an empty batch", code: "KERNEL_SHAPE", call: call({ acts: [0, 3] }) },
    { what: "expert indices for other rows", code: "KERNEL_SHAPE", call: call({ experts: [4, 1] }) },
    { what: "features that do not divide over experts", code: "KERNEL_SHAPE", call: call({ E: 3 }) },
    { what: "no experts", code: "KERNEL_VALUE_RANGE", call: call({ E: 0 }) },
    { what: "float expert indices", code: "KERNEL_DTYPE", call: call({ dtype: "float32" }) },
    { what: "an expert that does not exist", code: "KERNEL_INDEX_RANGE", call: call({ indices: [0, 1, 2, 0] }) },
    { what: "a negative expert", code: "KERNEL_INDEX_RANGE", call: call({ indices: [0, 1, -1, 0] }) },
    { what: "an expert twice in a row", code: "KERNEL_INDEX_RANGE", call: call({ indices: [0, 1, 1, 1] }) },
    {
      what: "values of another block size",
      code: "KERNEL_SHAPE",
      call: ({ tf, kernels }) =>
        kernels.groupedDecode(tf.zeros([2, 1, 3]), tf.zeros([4, 3]), tf.zeros([2, 1], "int32"), 2),
    },
  ]);
}
