/** tfjs' sums, means and largest values on the native device. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { againstCpu, gradientsOf, randomIntegers, randomTensor, type Computation } from "../native/against-cpu.ts";
import { instructionSetSuites } from "../native/native-suite.ts";

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const reductions: Readonly<Record<string, Reduction>> = {
  sum: (x, axis, keepDims) => tf.sum(x, axis, keepDims),
  mean: (x, axis, keepDims) => tf.mean(x, axis, keepDims),
  max: (x, axis, keepDims) => tf.max(x, axis, keepDims),
};

const shapes: readonly (readonly number[])[] = [
  [1],
  [7],
  [1025],
  [1, 1],
  [5, 7],
  [40, 1],
  [300, 17],
  [3, 4, 5],
  [3, 1, 5],
  [2, 3, 4, 5],
  [2, 3, 2, 3, 2],
];

/** Every set of axes, the empty one left out. */
function axesOf(rank: number): number[][] {
  const sets = Array.from({ length: 2 ** rank }, (_, bits) =>
    Array.from({ length: rank }, (_unused, axis) => axis).filter((axis) => (bits >> axis) % 2 === 1),
  );
  return sets.filter((axes) => axes.length > 0);
}

function areNeighbours(axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === axes[0]! + i);
}

instructionSetSuites("reductions", (test, open) => {
  for (const [name, compute] of Object.entries(reductions)) {
    test(`${name} equals the cpu backend's over every set of axes, kept or not`, async () => {
      const cases = shapes.flatMap((shape) =>
        axesOf(shape.length).flatMap((axes) =>
          [false, true].map((keepDims) => ({
            what: `[${shape.join()}] over ${axes.join()} ${keepDims}`,
            shape,
            axes,
            keepDims,
          })),
        ),
      );
      const calls = await againstCpu(
        open,
        Object.fromEntries(
          cases.map(({ what, shape, axes, keepDims }): [string, Computation] => [
            what,
            () => compute(randomTensor(shape), axes, keepDims),
          ]),
        ),
      );
      for (const { what, axes } of cases) {
        // Axes apart from each other are left to tfjs, which may bring them together by a transposition.
        if (areNeighbours(axes)) assert.equal(calls.get(what), ["reduce"], what);
      }
    });
  }

  test("take axes in any order, counted from either end, or none for all", async () => {
    const cases = Object.entries(reductions).flatMap(([name, compute]) =>
      [undefined, -1, -3, [-1, 0], [2, 1], [1, 0, 2]].map((axis): [string, Computation] => [
        `${name} over ${JSON.stringify(axis)}`,
        () => compute(randomTensor([3, 4, 5]), axis),
      ]),
    );
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("of every length are right, over the last axis and over another", async () => {
    const lengths = Array.from({ length: 70 }, (_, i) => i + 1);
    const cases = Object.entries(reductions).flatMap(([name, compute]) =>
      lengths.flatMap((n): [string, Computation][] => [
        [`${name} of 3 rows of ${n}`, () => compute(randomTensor([3, n]), 1)],
        [`${name} of 3 columns of ${n}`, () => compute(randomTensor([n, 3]), 0)],
        [`${name} of ${n} columns`, () => compute(randomTensor([3, n]), 0)],
      ]),
    );
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("of a number, of no axes, of integers and of nothing are left to tfjs", async () => {
    const cases = Object.entries(reductions).flatMap(([name, compute]): [string, Computation][] => [
      [`${name} of a number`, () => compute(tf.scalar(3))],
      [`${name} of no axes`, () => compute(randomTensor([3, 4]), [])],
      [`${name} of integers`, () => compute(randomIntegers([3, 4]), 1)],
      [`${name} of flags`, () => compute(tf.greater(randomTensor([3, 4]), 0), 0)],
    ]);
    const ofNothing = ["sum", "max"].map((name): [string, Computation] => [
      `${name} of nothing`,
      () => reductions[name]!(tf.zeros([0, 3]), 1),
    ]);
    await againstCpu(open, Object.fromEntries([...cases, ...ofNothing]));
  });

  test("pass special values on", async () => {
    const rows = [
      [1, NaN, 2],
      [NaN, 1, 2],
      [1, 2, NaN],
      [1, Infinity, 2],
      [1, -Infinity, 2],
      [Infinity, -Infinity, 2],
      [-Infinity, -Infinity, -Infinity],
      [3e38, 3e38, 1],
      [-1, -2, -3],
    ];
    const cases = Object.entries(reductions).flatMap(([name, compute]) =>
      rows.flatMap((row): [string, Computation][] => [
        [`${name} of ${row.join()}`, () => compute(tf.tensor1d(row))],
        [`${name} of a row of ${row.join()}`, () => compute(tf.tensor2d([row, [4, 5, 6]]), 1)],
        [
          `${name} of a column of ${row.join()}`,
          () =>
            compute(
              tf.tensor2d(
                row.flatMap((x) => [x, 4]),
                [3, 2],
              ),
              0,
            ),
        ],
      ]),
    );
    await againstCpu(open, Object.fromEntries(cases), { rtol: 1e-6 });
  });

  test("have the gradients of the cpu backend", async () => {
    const cases = Object.entries(reductions).flatMap(([name, compute]) =>
      [0, 1, 2, [0, 1], [1, 2], [0, 2], [0, 1, 2]].flatMap((axes) =>
        [false, true].map((keepDims): [string, Computation] => [
          `${name} over ${JSON.stringify(axes)} ${keepDims}`,
          () => gradientsOf((x) => compute(x, axes, keepDims), [[3, 4, 5]]),
        ]),
      ),
    );
    await againstCpu(open, Object.fromEntries(cases));
  });
});

instructionSetSuites("reductions of a million numbers", (test, open) => {
  // Positive, so that nothing cancels and a running sum in float32 would lose four digits.
  const values = createRandomData(3)
    .floats(1_000_000)
    .map((x) => Math.abs(x));
  const views: readonly { readonly shape: [number, number, number]; readonly axis: number }[] = [
    { shape: [1, 1_000_000, 1], axis: 1 },
    { shape: [1, 1000, 1000], axis: 1 },
    { shape: [1000, 1000, 1], axis: 1 },
    { shape: [100, 100, 100], axis: 1 },
    { shape: [1, 500_000, 2], axis: 1 },
    { shape: [2, 500_000, 1], axis: 1 },
  ];

  function largestError(name: "sum" | "mean" | "max", { shape, axis }: (typeof views)[number]): number {
    const [outer, reduced, inner] = shape;
    const received = tf.tidy(() => reductions[name]!(tf.tensor(values, shape), axis).dataSync());
    assert.is(received.length, outer * inner);
    let worst = 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let [sum, largest] = [0, 0];
        for (let r = 0; r < reduced; r++) {
          const value = values[(o * reduced + r) * inner + i]!;
          sum += value;
          largest = Math.max(largest, value);
        }
        const expected = { sum, mean: sum / reduced, max: largest }[name];
        worst = Math.max(worst, Math.abs(received[o * inner + i]! - expected) / expected);
      }
    }
    return worst;
  }

  for (const view of views) {
    test(`are accurate: [${view.shape.join()}]`, async () => {
      await open();
      assert.is(largestError("max", view), 0);
      for (const name of ["sum", "mean"] as const) {
        const error = largestError(name, view);
        assert.ok(error < 1e-6, `${name}: relative error ${error}`);
      }
    });
  }
});
