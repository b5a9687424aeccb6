/**
 * Conformance of causalAttention on a device: its value against float64 at shapes that fill tiles of queries and keys,
 * widths of heads that fill fours, and ones that do neither; what a position may see; scores that exp cannot take.
 *
 * Shapes: C contexts, T positions, N = C T rows, H heads, d width of a head, D = H d.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import type { AttentionShape } from "../../../kernels/kernels.ts";
import {
  expect,
  expectClose,
  expectShape,
  withoutSkipped,
  type ConformanceCase,
  type Skips,
} from "../conformance-case.ts";
import { causalAttention64 } from "./float64/causal-attention.ts";
import { hygieneCases, refusalCases, type KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

interface Shape extends AttentionShape {
  /** d */
  readonly headWidth: number;
}

function shapeOf(numContexts: number, contextLength: number, numHeads: number, headWidth: number): Shape {
  return { numContexts, contextLength, numHeads, headWidth };
}

const shapes: Readonly<Record<string, Shape>> = {
  "a single number": shapeOf(1, 1, 1, 1),
  "contexts of one position": shapeOf(5, 1, 2, 3),
  "one head of an odd width": shapeOf(2, 9, 1, 5),
  "three heads of two numbers": shapeOf(2, 5, 3, 2),
  "a tile of queries": shapeOf(1, 64, 2, 4),
  "a position more than a tile": shapeOf(2, 65, 1, 7),
  "a position less than two tiles": shapeOf(1, 127, 2, 16),
  "three tiles and a part": shapeOf(1, 200, 1, 8),
  "heads of GPT-2": shapeOf(2, 70, 2, 64),
  "heads wider than GPT-2's": shapeOf(1, 40, 2, 66),
  "heads of 128 numbers": shapeOf(2, 33, 1, 128),
  "heads of more numbers than a tile holds": shapeOf(1, 6, 2, 131),
};

/** Queries, keys and values [C T, 3 H d]. */
function draw(shape: Shape, seed: number): Float32Array {
  return createRandomData(seed).floats(sizeOf(shape));
}

function sizeOf({ numContexts, contextLength, numHeads, headWidth }: Shape): number {
  return numContexts * contextLength * 3 * numHeads * headWidth;
}

function attend({ tf, kernels }: Device, qkv: Float32Array, shape: Shape): tf.Tensor2D {
  const { numContexts, contextLength, numHeads, headWidth } = shape;
  const size: [number, number] = [numContexts * contextLength, 3 * numHeads * headWidth];
  return kernels.causalAttention(tf.tensor2d(qkv.slice(), size), { numContexts, contextLength, numHeads });
}

async function valuesOf(subject: KernelSubject, qkv: Float32Array, shape: Shape): Promise<Float32Array> {
  const device = await subject.open();
  return device.tf.tidy(() => attend(device, qkv, shape).dataSync<"float32">().slice());
}

/** @param skip Case name -> reason. */
export function causalAttentionCases(subject: KernelSubject, skip?: Skips): readonly ConformanceCase[] {
  const shape = shapeOf(2, 67, 2, 6);
  const cases = [
    ...Object.entries(shapes).map(([what, at], i) => valueCase(subject, what, at, draw(at, 100 + i))),
    ...scoreCases(subject),
    ...sightCases(subject),
    ...hygieneCases(subject, (device) => attend(device, draw(shape, 2), shape)),
    ...refusals(subject),
  ];
  return withoutSkipped(cases, skip);
}

function valueCase(subject: KernelSubject, what: string, shape: Shape, qkv: Float32Array): ConformanceCase {
  return {
    name: `computes its definition: ${what}`,
    run: async () => {
      const device = await subject.open();
      device.tf.tidy(() => {
        const out = attend(device, qkv, shape);
        const { numContexts, contextLength, numHeads, headWidth } = shape;
        expectShape("causalAttention", out.shape, [numContexts * contextLength, numHeads * headWidth]);
        expectClose("causalAttention", out.dataSync(), causalAttention64(qkv, shape));
      });
    },
  };
}

function scoreCases(subject: KernelSubject): readonly ConformanceCase[] {
  const shape = shapeOf(1, 70, 2, 4);
  /** Numbers that float32 has exactly, so that large scores are the same in float64. */
  const scaled = (scale: number): Float32Array => {
    const random = createRandomData(7);
    const values = random.floats(sizeOf(shape));
    const D = 8;
    const whole = random.integers(sizeOf(shape), -8, 8);
    return values.map((value, i) => (i % (3 * D) < 2 * D ? scale * whole[i]! : value));
  };
  return [
    ...[4, 32, 1024].map((scale) => ({
      name: `takes scores whose exponential overflows: up to ${scale * scale * 128}`,
      run: async () => {
        const qkv = scaled(scale);
        expectClose("causalAttention", await valuesOf(subject, qkv, shape), causalAttention64(qkv, shape));
      },
    })),
    {
      name: "gives the mean of what a position sees when all scores are equal, far below zero too",
      run: async () => {
        const qkv = draw(shape, 9);
        // Queries are 1 and keys one negative number: every score is -2000.
        const equal = qkv.map((value, i) => (i % 24 < 8 ? 1 : i % 24 < 16 ? -1000 : value));
        expectClose("causalAttention", await valuesOf(subject, equal, shape), causalAttention64(equal, shape));
      },
    },
    {
      name: "gives all weight to a key that fits far better than the others, whether it comes first or last",
      run: async () => {
        for (const place of [0, 33, 69]) {
          const qkv = draw(shape, 11).map((value, i) => {
            const [row, column] = [Math.floor(i / 24), i % 24];
            if (column < 8) return 1;
            return column < 16 ? (row === place ? 100 : 0) : value;
          });
          const out = await valuesOf(subject, qkv, shape);
          const width = 8;
          for (let row = place; row < 70; row++) {
            const received = out.subarray(row * width, (row + 1) * width);
            expectClose(`row ${row}`, received, qkv.subarray(place * 24 + 16, place * 24 + 24));
          }
        }
      },
    },
  ];
}

function sightCases(subject: KernelSubject): readonly ConformanceCase[] {
  const shape = shapeOf(2, 70, 2, 5);
  const width = 10;
  const row = (values: Float32Array, at: number): string => [...values.subarray(at * width, (at + 1) * width)].join();
  const changedAt = (qkv: Float32Array, place: number): Float32Array =>
    qkv.map((value, i) => (Math.floor(i / (3 * width)) === place ? 5 - value : value));
  return [
    {
      name: "is causal: another token changes not a bit before it, and something from it on",
      run: async () => {
        const qkv = draw(shape, 21);
        const before = await valuesOf(subject, qkv, shape);
        for (const place of [1, 31, 32, 63, 64, 69]) {
          const after = await valuesOf(subject, changedAt(qkv, place), shape);
          for (let at = 0; at < 140; at++) {
            const isSame = row(before, at) === row(after, at);
            const maySee = at >= place && at < 70;
            expect(
              isSame !== maySee,
              `row ${at}, row ${place} changed`,
              maySee ? "others" : row(before, at),
              row(after, at),
            );
          }
        }
      },
    },
    {
      name: "gives a context the same bits alone as among others",
      run: async () => {
        const qkv = draw(shape, 22);
        const together = await valuesOf(subject, qkv, shape);
        const alone = await valuesOf(subject, qkv.slice(qkv.length / 2), { ...shape, numContexts: 1 });
        for (let at = 0; at < 70; at++)
          expect(row(alone, at) === row(together, at + 70), `row ${at}`, "the same bits", row(alone, at));
      },
    },
    {
      name: "keeps the heads apart",
      run: async () => {
        const qkv = draw(shape, 23);
        const before = await valuesOf(subject, qkv, shape);
        // Columns 5 to 9 of each of the three parts are the second head.
        const after = await valuesOf(
          subject,
          qkv.map((value, i) => (i % width < 5 ? value : -value)),
          shape,
        );
        for (const [i, value] of after.entries()) {
          const isSame = value === before[i];
          expect(isSame === i % width < 5, `entry ${i}`, i % width < 5 ? String(before[i]) : "another number", value);
        }
      },
    },
  ];
}

function refusals(subject: KernelSubject): readonly ConformanceCase[] {
  const shape: AttentionShape = { numContexts: 2, contextLength: 3, numHeads: 2 };
  const call =
    (size: readonly number[], change: Partial<AttentionShape> = {}, dtype: "float32" | "int32" = "float32") =>
    ({ tf, kernels }: Device): unknown => {
      const qkv: tf.Tensor = tf.zeros([...size], dtype);
      return kernels.causalAttention(qkv as tf.Tensor2D, { ...shape, ...change });
    };
  return refusalCases(subject, [
    { what: "rows that are no contexts of this length", code: "KERNEL_SHAPE", call: call([7, 12]) },
    { what: "a width that three parts do not divide", code: "KERNEL_SHAPE", call: call([6, 10]) },
    { what: "a width that the heads do not divide", code: "KERNEL_SHAPE", call: call([6, 12], { numHeads: 3 }) },
    { what: "tensors of three axes", code: "KERNEL_SHAPE", call: call([2, 3, 12]) },
    { what: "heads without numbers", code: "KERNEL_SHAPE", call: call([6, 0]) },
    { what: "integers", code: "KERNEL_DTYPE", call: call([6, 12], {}, "int32") },
    { what: "no heads", code: "KERNEL_VALUE_RANGE", call: call([6, 12], { numHeads: 0 }) },
    { what: "no contexts", code: "KERNEL_VALUE_RANGE", call: call([6, 12], { numContexts: 0 }) },
    { what: "half a position", code: "KERNEL_VALUE_RANGE", call: call([6, 12], { contextLength: 1.5 }) },
  ]);
}
