/**
 * Compares the gradient that the tape gives with central finite differences of the same scalar, summed in float64.
 * A coordinate whose differences disagree between two steps sits at a kink (a ReLU, a changed selection), where there is no
 * derivative to compare with; too many of those fail, because then nothing was checked.
 */
import type * as tf from "@tensorflow/tfjs";
import type { RandomStream } from "../../core/model/rng.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect, fail } from "./conformance-case.ts";

/** A scalar as a sum of coefficient * value: weights are fixed, so that float32 rounding stays in the values. */
export interface WeightedSum {
  readonly values: readonly tf.Tensor[];
  /** One array a tensor of `values`. */
  readonly coefficients: readonly Float32Array[];
}

export interface GradientCheck {
  readonly device: Device;
  /** Name -> variable in which the gradient is taken. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** Runs inside tidy; called many times. */
  readonly compute: () => WeightedSum;
  readonly stream: RandomStream;
  /** Coordinates of each variable that are checked, drawn at random where there are more. */
  readonly maxCoordinates?: number;
}

const step = 1e-2;
const atol = 4e-3;
const rtol = 2e-2;

export function checkGradients({ device, variables, compute, stream, maxCoordinates = 40 }: GradientCheck): void {
  const { tf } = device;
  const names = Object.keys(variables);
  if (names.length === 0) return;
  const analytic = analyticGradients(device, variables, compute);
  const centre = evaluate(device, compute);
  for (const name of names) {
    const variable = variables[name]!;
    const start = Float32Array.from(variable.dataSync());
    const probe = (index: number, shift: number): number => {
      const moved = start.slice();
      moved[index]! += shift;
      tf.tidy(() => {
        variable.assign(tf.tensor(moved, variable.shape));
      });
      return evaluate(device, compute);
    };
    const coordinates = chooseCoordinates(start.length, maxCoordinates, stream);
    let checked = 0;
    try {
      for (const index of coordinates) {
        const wide = differences(centre, probe(index, step), probe(index, -step), step);
        const narrow = differences(centre, probe(index, step / 2), probe(index, -step / 2), step / 2);
        const numeric = narrow.central;
        const tolerance = atol + rtol * Math.abs(numeric);
        if (isKink(wide, narrow, tolerance)) continue;
        checked += 1;
        const given = analytic.get(name)?.[index] ?? 0;
        if (!(Math.abs(given - numeric) <= tolerance)) {
          fail(`gradient in ${name}, entry ${index}`, `${numeric} by finite differences`, `${given}`);
        }
      }
    } finally {
      tf.tidy(() => {
        variable.assign(tf.tensor(start, variable.shape));
      });
    }
    expect(
      checked * 2 >= coordinates.length,
      `entries of ${name} away from kinks`,
      "at least half",
      `${checked} of ${coordinates.length}`,
    );
  }
}

interface Differences {
  readonly central: number;
  /** Forward minus backward difference: of a smooth function it falls with the step. */
  readonly bend: number;
}

function differences(centre: number, above: number, below: number, width: number): Differences {
  return { central: (above - below) / (2 * width), bend: (above - 2 * centre + below) / width };
}

/** Of a smooth function, central differences agree between two steps and the bend halves with the step. */
function isKink(wide: Differences, narrow: Differences, tolerance: number): boolean {
  const disagreement = Math.abs(wide.central - narrow.central);
  const excess = Math.abs(wide.bend - 2 * narrow.bend);
  return !(disagreement <= tolerance / 4 && excess <= tolerance);
}

/** Gradients by name; a variable that the tape does not reach has none. */
export function analyticGradients(
  { tf }: Device,
  variables: Readonly<Record<string, tf.Variable>>,
  compute: () => WeightedSum,
): ReadonlyMap<string, Float32Array> {
  const result = new Map<string, Float32Array>();
  tf.tidy(() => {
    const list = Object.values(variables);
    const { grads } = tf.variableGrads(() => {
      const { values, coefficients } = compute();
      const products = values.map((value, i) =>
        tf.sum(tf.mul(tf.cast(value, "float32"), tf.tensor(coefficients[i]!, value.shape))),
      );
      // Reaches every variable with gradient 0: tfjs refuses a scalar that depends on none of them.
      const anchor = tf.mul(tf.addN(list.map((variable) => tf.sum(variable))), 0);
      return tf.addN([...products, anchor]).asScalar();
    }, list);
    for (const [name, variable] of Object.entries(variables)) {
      const gradient = grads[variable.name];
      if (gradient !== undefined) result.set(name, Float32Array.from(gradient.dataSync()));
    }
  });
  return result;
}

function evaluate({ tf }: Device, compute: () => WeightedSum): number {
  let sum = 0;
  tf.tidy(() => {
    const { values, coefficients } = compute();
    for (const [i, value] of values.entries()) {
      const data = value.dataSync();
      for (let j = 0; j < data.length; j += 1) sum += data[j]! * coefficients[i]![j]!;
    }
  });
  return sum;
}

function chooseCoordinates(size: number, max: number, stream: RandomStream): readonly number[] {
  if (size <= max) return Array.from({ length: size }, (_unused, i) => i);
  const chosen = new Set<number>();
  while (chosen.size < max) chosen.add(stream.integer(size));
  return [...chosen];
}
