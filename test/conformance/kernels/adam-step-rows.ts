/**
 * Cases of adamStep that a dictionary needs: gradients that first lose their component along each row, and gradients of
 * a sparse code, which a device may hand over without having formed them.
 *
 * Shapes: B rows, D width, F features, K active features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import { runRowSparseAccumulate } from "../../../kernels/row-sparse-accumulate/contract.ts";
import { expect, expectClose, type ConformanceCase } from "../conformance-case.ts";
import { adamStep64, createAdam64 } from "./float64/adam.ts";
import { removeParallelComponent64 } from "./float64/norms.ts";
import { rowSparseAccumulate64 } from "./float64/sparse.ts";
import { withState, type AdamState } from "./adam-state.ts";
import { expectSameMemory, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData, type RandomData } from "./random-data.ts";

const options = { learningRate: 1e-2, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const [B, K, D, F] = [12, 3, 9, 40];
/** Features beyond have a gradient of zero at every step. */
const usedFeatures = 30;

/** A gradient on the device, and what it is. */
interface Gradient {
  readonly make: (device: Device) => tf.Tensor2D;
  readonly values: ArrayLike<number>;
}

interface GradientKind {
  readonly what: string;
  readonly draw: (random: RandomData, scale: number) => Gradient;
}

const dense: GradientKind = {
  what: "a dense gradient",
  draw: (random, scale) => {
    const values = random.floats(F * D).map((x) => x * scale);
    return { values, make: ({ tf }) => tf.tensor2d(values.slice(), [F, D]) };
  },
};

const ofCode: GradientKind = {
  what: "the gradient of a sparse code",
  draw: (random, scale) => sparseGradient(random, { scale, factor: 1 }),
};

const ofCodeScaled: GradientKind = {
  what: "the gradient of a sparse code times a number",
  draw: (random, scale) => sparseGradient(random, { scale, factor: 0.37 }),
};

function sparseGradient(
  random: RandomData,
  { scale, factor }: { readonly scale: number; readonly factor: number },
): Gradient {
  const indices = random.indices(B * K, usedFeatures);
  const coefficients = random.floats(B * K).map((x) => x * scale);
  const rows = random.floats(B * D);
  const values = rowSparseAccumulate64(indices, coefficients, rows, { B, D, F, K }).map((x) => x * Math.fround(factor));
  return {
    values,
    make: ({ tf }) => {
      const gradient_FD = runRowSparseAccumulate(
        {
          indices_BK: tf.tensor2d(indices, [B, K], "int32"),
          coefficients_BK: tf.tensor2d(coefficients.slice(), [B, K]),
          rows_BD: tf.tensor2d(rows.slice(), [B, D]),
        },
        { numFeatures: F },
      );
      return factor === 1 ? gradient_FD : tf.mul(gradient_FD, factor);
    },
  };
}

export function adamStepRowCases(subject: KernelSubject): readonly ConformanceCase[] {
  return [
    ...[dense, ofCode, ofCodeScaled].flatMap((kind) =>
      [true, false].map((acrossRows) => fiftySteps(subject, kind, { acrossRows })),
    ),
    ...[dense, ofCode].flatMap((kind) =>
      [true, false].map((acrossRows) => fiftySteps(subject, kind, { acrossRows, scale: 0.3 })),
    ),
    zeroRowCase(subject),
    directionCase(subject),
    ...[dense, ofCodeScaled].map((kind) => hygieneCase(subject, kind)),
  ];
}

/** @param scale Of the gradient, handed over with it. */
function fiftySteps(
  subject: KernelSubject,
  { what, draw }: GradientKind,
  { acrossRows, scale }: { readonly acrossRows: boolean; readonly scale?: number },
): ConformanceCase {
  return {
    name: `follows Adam for fifty steps: ${what}${acrossRows ? ", across the rows" : ""}${scale === undefined ? "" : ", scaled"}`,
    run: () =>
      withState(subject, [F, D], (device, state) => {
        const random = createRandomData(21);
        const expected = createAdam64(state.parameter.dataSync());
        for (let t = 1; t <= 50; t++) {
          const gradient = draw(random, 10 ** -(t % 4));
          const scaled = Float64Array.from(gradient.values, (value) => value * (scale ?? 1));
          adamStep64(expected, acrossRows ? removeParallelComponent64(scaled, expected.parameter, D) : scaled, options);
          step(device, state, gradient, { step: t, acrossRows, ...(scale === undefined ? {} : { scale }) });
        }
        expectClose("parameter", state.parameter.dataSync(), expected.parameter, { atol: 2e-6, rtol: 1e-5 });
        expectClose("first moment", state.first.dataSync(), expected.first, { atol: 3e-7, rtol: 1e-5 });
        expectClose("second moment", state.second.dataSync(), expected.second, { atol: 1e-8, rtol: 1e-5 });
      }),
  };
}

function step(
  device: Device,
  { parameter, first, second }: AdamState,
  gradient: Gradient,
  { scale, ...at }: { readonly step: number; readonly acrossRows: boolean; readonly scale?: number },
): void {
  const { tf, kernels } = device;
  tf.tidy(() => {
    const scaling = scale === undefined ? {} : { gradientScale: tf.scalar(scale) };
    kernels.adamStep(parameter, gradient.make(device), { first, second }, { ...options, ...at, ...scaling });
  });
}

function zeroRowCase(subject: KernelSubject): ConformanceCase {
  return {
    name: "takes nothing away along a row of zeros",
    run: () =>
      withState(subject, [F, D], (device, state) => {
        const { tf } = device;
        state.parameter.assign(tf.tidy(() => tf.zeros(state.parameter.shape)));
        const gradient = dense.draw(createRandomData(22), 1);
        const expected = createAdam64(new Float64Array(F * D));
        adamStep64(expected, gradient.values, options);
        step(device, state, gradient, { step: 1, acrossRows: true });
        expectClose("parameter", state.parameter.dataSync(), expected.parameter);
      }),
  };
}

function directionCase(subject: KernelSubject): ConformanceCase {
  return {
    name: "does not move along the rows when its gradient lies there",
    run: () =>
      withState(subject, [F, D], (device, state) => {
        const values = state.parameter.dataSync<"float32">().slice();
        const along: Gradient = { values, make: ({ tf }) => tf.mul(tf.tensor2d(values, [F, D]), 3) };
        step(device, state, along, { step: 1, acrossRows: true });
        // Of the gradient only rounding remains, and the first moment is a tenth of it.
        const largest = Math.max(...state.first.dataSync<"float32">().map(Math.abs));
        expect(largest < 1e-6, "first moment", "rounding alone", largest);
      }),
  };
}

function hygieneCase(subject: KernelSubject, { what, draw }: GradientKind): ConformanceCase {
  return {
    name: `gives the same bits every time and leaves no tensor behind: ${what}, across the rows`,
    run: async () => {
      const results: Buffer[] = [];
      for (let i = 0; i < 2; i++) {
        await withState(subject, [F, D], (device, state) => {
          expectSameMemory(device, () => {
            step(device, state, draw(createRandomData(23), 1), { step: 1, acrossRows: true });
          });
          results.push(Buffer.from(state.parameter.dataSync().slice().buffer));
        });
      }
      expect(Buffer.compare(results[0]!, results[1]!) === 0, "parameter", "the same bytes", "others");
    },
  };
}
