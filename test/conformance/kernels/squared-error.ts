/** Conformance of squaredError on a device: its value against float64, and its gradients in both operands. */
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
import { squaredError64 } from "./float64/squared-error.ts";
import { checkKernelGradients, hygieneCases, refusalCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

type Shape = readonly [rows: number, width: number];

/** The last is more than one unit of work on devices with threads. */
const shapes: readonly Shape[] = [
  [1, 1],
  [1, 1000],
  [33, 1],
  [3, 5],
  [7, 129],
  [257, 131],
];

interface Operands {
  readonly prediction: Float32Array;
  readonly target: Float32Array;
}

function draw([rows, width]: Shape, seed: number): Operands {
  const random = createRandomData(seed);
  return { prediction: random.floats(rows * width), target: random.floats(rows * width) };
}

function tensorsOf({ tf }: Device, { prediction, target }: Operands, [rows, width]: Shape): [tf.Tensor2D, tf.Tensor2D] {
  return [tf.tensor2d(prediction.slice(), [rows, width]), tf.tensor2d(target.slice(), [rows, width])];
}

/** @param skip Case name -> reason. */
export function squaredErrorCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const shape: Shape = [6, 5];
  const cases = [
    ...shapes.map((at, i) => valueCase(subject, at, draw(at, 70 + i))),
    ...specialCases(subject),
    ...gradientCases(subject),
    ...hygieneCases(subject, (device) => {
      const operands = tensorsOf(device, draw(shape, 2), shape);
      const loss = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
        device.kernels.squaredError(a as tf.Tensor2D, b as tf.Tensor2D);
      return [device.kernels.squaredError(...operands), ...device.tf.grads(loss)(operands)];
    }),
    ...refusals(subject),
  ];
  return withoutSkipped(cases, skip);
}

function valueCase(subject: KernelSubject, shape: Shape, operands: Operands): ConformanceCase {
  return {
    name: `is the mean over rows of the squared distance: ${shape.join(" x ")}`,
    run: async () => {
      const device = await subject.open();
      device.tf.tidy(() => {
        const loss = device.kernels.squaredError(...tensorsOf(device, operands, shape));
        expectShape("squaredError", loss.shape, []);
        const expected = squaredError64(operands.prediction, operands.target, shape[0]);
        expectClose("squaredError", loss.dataSync(), [expected], { atol: 1e-7, rtol: 5e-6 });
      });
    },
  };
}

function specialCases(subject: KernelSubject): readonly ConformanceCase[] {
  const valueOf = async (prediction: readonly number[], target: readonly number[]): Promise<number> => {
    const { tf, kernels } = await subject.open();
    const shape: [number, number] = [1, prediction.length];
    return tf.tidy(
      () =>
        kernels.squaredError(tf.tensor2d([...prediction], shape), tf.tensor2d([...target], shape)).dataSync()[0] ?? 0,
    );
  };
  return [
    {
      name: "is exactly zero for a prediction that is its target",
      run: async () => {
        const value = await valueOf([0.1, -7.3, 1e30], [0.1, -7.3, 1e30]);
        expect(value === 0, "squaredError", "0", value);
      },
    },
    {
      name: "is not a number when an entry is not, and infinite when a distance is",
      run: async () => {
        const [nan, infinite] = [await valueOf([1, NaN], [1, 1]), await valueOf([1, Infinity], [1, 1])];
        expect(Number.isNaN(nan), "squaredError with NaN", "NaN", nan);
        expect(infinite === Infinity, "squaredError with Infinity", "Infinity", String(infinite));
      },
    },
  ];
}

function gradientCases(subject: KernelSubject): readonly ConformanceCase[] {
  const compare = (shape: Shape, weight: number, ofLoss: Outer = itself): Promise<void> => {
    const { prediction, target } = draw(shape, 90);
    return checkKernelGradients(subject, {
      inputs: [
        { name: "prediction_BD", values: prediction, shape },
        { name: "target_BD", values: target, shape },
      ],
      weights: Float32Array.of(weight),
      reference: ([a, b]) => [ofLoss.number(squaredError64(a!, b!, shape[0]))],
      compute: ({ tf, kernels }, [a, b]) => ofLoss.tensor(tf, kernels.squaredError(a as tf.Tensor2D, b as tf.Tensor2D)),
    });
  };
  return [
    ...[shapes[0]!, shapes[3]!, [5, 19] as const].map((shape) => ({
      name: `has the gradients in both operands: ${shape.join(" x ")}`,
      run: () => compare(shape, 1),
    })),
    { name: "has the gradients when it is multiplied by a weight", run: () => compare([5, 19], -2.5) },
    { name: "has the gradients when more is computed of it", run: () => compare([4, 9], 0.5, squared) },
    {
      name: "adds up the gradients of a tensor that both operands depend on",
      run: async () => {
        const device = await subject.open();
        device.tf.tidy(() => {
          const { tf, kernels } = device;
          // (3x - x)^2 summed over the width, of one row: the gradient is 8x.
          const gradient = tf.grad((x) => kernels.squaredError(tf.mul(x, 3), x as tf.Tensor2D))(
            tf.tensor2d([1, -2, 0], [1, 3]),
          );
          expectClose("gradient", gradient.dataSync(), [8, -16, 0]);
        });
      },
    },
    {
      name: "passes on a weight that is no finite number",
      run: async () => {
        const device = await subject.open();
        device.tf.tidy(() => {
          const { tf, kernels } = device;
          const target = tf.zeros<tf.Rank.R2>([1, 2]);
          for (const weight of [Infinity, NaN]) {
            const gradient = tf
              .grad((x) => tf.mul(kernels.squaredError(x as tf.Tensor2D, target), weight))(tf.tensor2d([1, -2], [1, 2]))
              .dataSync();
            expect(
              [...gradient].join() === [weight, -weight].join(),
              `gradient times ${weight}`,
              [weight, -weight].join(),
              [...gradient].join(),
            );
          }
        });
      },
    },
  ];
}

/** What is computed of the loss, of a float64 number and on the device. */
interface Outer {
  readonly number: (loss: number) => number;
  readonly tensor: (tensorflow: typeof tf, loss: tf.Tensor) => tf.Tensor;
}

const itself: Outer = { number: (loss) => loss, tensor: (_, loss) => loss };
const squared: Outer = { number: (loss) => loss * loss, tensor: (tensorflow, loss) => tensorflow.square(loss) };

function refusals(subject: KernelSubject): readonly ConformanceCase[] {
  const call =
    (prediction: (device: Device) => tf.Tensor, target: (device: Device) => tf.Tensor) =>
    (device: Device): unknown =>
      device.kernels.squaredError(prediction(device) as tf.Tensor2D, target(device) as tf.Tensor2D);
  const floats =
    (...shape: number[]) =>
    ({ tf }: Device): tf.Tensor =>
      tf.zeros(shape);
  const ints = ({ tf }: Device): tf.Tensor => tf.zeros([2, 3], "int32");
  return refusalCases(subject, [
    { what: "a target of another shape", code: "KERNEL_SHAPE", call: call(floats(2, 3), floats(3, 2)) },
    { what: "a target that would have to be repeated", code: "KERNEL_SHAPE", call: call(floats(2, 3), floats(1, 3)) },
    { what: "vectors", code: "KERNEL_SHAPE", call: call(floats(3), floats(3)) },
    { what: "tensors of three axes", code: "KERNEL_SHAPE", call: call(floats(1, 2, 3), floats(1, 2, 3)) },
    { what: "a prediction of integers", code: "KERNEL_DTYPE", call: call(ints, floats(2, 3)) },
    { what: "a target of integers", code: "KERNEL_DTYPE", call: call(floats(2, 3), ints) },
  ]);
}
