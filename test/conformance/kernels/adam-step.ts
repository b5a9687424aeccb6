/** Conformance of adamStep on a device: fifty steps against a float64 Adam, and what an update must not disturb. */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import type { AdamHyperparameters } from "../../../kernels/kernels.ts";
import { expect, expectClose, withoutSkipped, type ConformanceCase, type Skips } from "../conformance-case.ts";
import { withState, type AdamState } from "./adam-state.ts";
import { adamStepRowCases } from "./adam-step-rows.ts";
import { adamStep64, createAdam64 } from "./float64/adam.ts";
import { refusalCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

const options = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

function step(
  { tf, kernels }: Device,
  { parameter, first, second }: AdamState,
  gradient: Float32Array,
  hyperparameters: AdamHyperparameters,
): void {
  tf.tidy(() => {
    kernels.adamStep(parameter, tf.tensor(gradient, parameter.shape), { first, second }, hyperparameters);
  });
}

/** @param skip Case name -> reason. */
export function adamStepCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const cases = [
    ...numericalCases(subject),
    ...adamStepRowCases(subject),
    ...sharingCases(subject),
    ...adamRefusals(subject),
  ];
  return withoutSkipped(cases, skip);
}

function numericalCases(subject: KernelSubject): readonly ConformanceCase[] {
  return [
    ...[options, { ...options, beta1: 0, beta2: 0.5 }, { ...options, epsilon: 1e-3 }].map((at) => ({
      name: `follows Adam for fifty steps: beta1 ${at.beta1}, beta2 ${at.beta2}, epsilon ${at.epsilon}`,
      run: () =>
        withState(subject, [7, 5], (device, state) => {
          const random = createRandomData(2);
          const expected = createAdam64(state.parameter.dataSync());
          for (let t = 1; t <= 50; t++) {
            const gradient = random.floats(35).map((x) => x * 10 ** -(t % 4));
            adamStep64(expected, gradient, at);
            step(device, state, gradient, { ...at, step: t });
          }
          expectClose("parameter", state.parameter.dataSync(), expected.parameter, { atol: 2e-6, rtol: 1e-5 });
          expectClose("first moment", state.first.dataSync(), expected.first, { atol: 1e-7, rtol: 1e-5 });
          expectClose("second moment", state.second.dataSync(), expected.second, { atol: 1e-9, rtol: 1e-5 });
        }),
    })),
    {
      name: "adds epsilon after the root and the bias correction",
      run: () =>
        withState(subject, [1, 1], (device, state) => {
          const before = state.parameter.dataSync()[0]!;
          // First step: m / (1-b1) = g and sqrt(v / (1-b2)) = |g|, so the move is lr * g / (|g| + eps).
          step(device, state, Float32Array.of(1e-3), { ...options, learningRate: 1, epsilon: 1e-3, step: 1 });
          const moved = before - state.parameter.dataSync()[0]!;
          expectClose("the first move", [moved], [0.5], { atol: 1e-5 });
        }),
    },
    {
      name: "does not move where the gradient has always been zero",
      run: () =>
        withState(subject, [2, 2], (device, state) => {
          const before = state.parameter.dataSync().slice();
          step(device, state, new Float32Array(4), { ...options, step: 1 });
          expectClose("parameter", state.parameter.dataSync(), before, { atol: 0, rtol: 0 });
        }),
    },
  ];
}

/** The update is in place for the variables and for nobody else. */
function sharingCases(subject: KernelSubject): readonly ConformanceCase[] {
  return [
    {
      name: "is seen by a matrix product that used the parameter before",
      run: () =>
        withState(subject, [4, 4], (device, state) => {
          const { tf } = device;
          const identity = tf.eye(4);
          const product = (): Float32Array =>
            tf.tidy(() =>
              tf.matMul<tf.Tensor2D>(identity, state.parameter as tf.Tensor as tf.Tensor2D).dataSync<"float32">(),
            );
          product();
          step(device, state, new Float32Array(16).fill(1), { ...options, step: 1 });
          expectClose("identity times parameter", product(), state.parameter.dataSync(), { atol: 0, rtol: 0 });
          identity.dispose();
        }),
    },
    {
      name: "leaves arrays and tensors alone that the variables were made from",
      run: async () => {
        const device = await subject.open();
        const { tf } = device;
        const values = Float32Array.of(1, 2, 3);
        const zeros = tf.zeros([3]);
        const start = tf.tensor1d(values);
        // Both moments share one tensor's memory at the start.
        const state = { parameter: tf.variable(start), first: tf.variable(zeros), second: tf.variable(zeros) };
        const readBefore = state.parameter.dataSync();
        step(device, state, Float32Array.of(1, 1, 1), { ...options, step: 1 });
        expectClose("the array", values, [1, 2, 3], { atol: 0, rtol: 0 });
        expectClose("the tensor", start.dataSync(), [1, 2, 3], { atol: 0, rtol: 0 });
        expectClose("what was read before", readBefore, [1, 2, 3], { atol: 0, rtol: 0 });
        expectClose("first moment", state.first.dataSync(), [0.1, 0.1, 0.1]);
        expectClose("second moment", state.second.dataSync(), [0.001, 0.001, 0.001]);
        tf.dispose([zeros, start, state.parameter, state.first, state.second]);
      },
    },
    {
      name: "gives the same bits every time and leaves no tensor behind",
      run: async () => {
        const results: Buffer[] = [];
        for (let i = 0; i < 2; i++) {
          await withState(subject, [9, 3], (device, state) => {
            const before = device.tf.memory().numTensors;
            step(device, state, createRandomData(5).floats(27), { ...options, step: 1 });
            expect(device.tf.memory().numTensors === before, "tensors", `${before}`, device.tf.memory().numTensors);
            results.push(Buffer.from(state.parameter.dataSync().slice().buffer));
          });
        }
        expect(Buffer.compare(results[0]!, results[1]!) === 0, "parameter", "the same bytes", "others");
      },
    },
  ];
}

function adamRefusals(subject: KernelSubject): readonly ConformanceCase[] {
  const call =
    (change: { shape?: number[]; gradient?: number[]; options?: Partial<AdamHyperparameters> }) =>
    ({ tf, kernels }: Device): void => {
      const [parameter, first, second] = [0, 1, 2].map(() => tf.variable(tf.zeros(change.shape ?? [2, 3]))) as [
        tf.Variable,
        tf.Variable,
        tf.Variable,
      ];
      try {
        const gradient = tf.zeros(change.gradient ?? [2, 3]);
        kernels.adamStep(parameter, gradient, { first, second }, { ...options, step: 1, ...change.options });
      } finally {
        tf.dispose([parameter, first, second]);
      }
    };
  return refusalCases(subject, [
    { what: "a gradient of another shape", code: "KERNEL_SHAPE", call: call({ gradient: [3, 2] }) },
    { what: "step 0", code: "KERNEL_VALUE_RANGE", call: call({ options: { step: 0 } }) },
    { what: "beta1 of 1", code: "KERNEL_VALUE_RANGE", call: call({ options: { beta1: 1 } }) },
    { what: "a negative beta2", code: "KERNEL_VALUE_RANGE", call: call({ options: { beta2: -0.1 } }) },
    {
      what: "a learning rate that is no number",
      code: "KERNEL_VALUE_RANGE",
      call: call({ options: { learningRate: NaN } }),
    },
    {
      what: "a parameter of one axis whose rows shall be kept",
      code: "KERNEL_SHAPE",
      call: call({ shape: [6], gradient: [6], options: { acrossRows: true } }),
    },
    { what: "an infinite epsilon", code: "KERNEL_VALUE_RANGE", call: call({ options: { epsilon: Infinity } }) },
  ]);
}
