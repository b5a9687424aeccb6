/** tfjs' elementwise kernels on the native device. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { foldBroadcast } from "../../../kernels/elementwise/fold-broadcast.ts";
import { againstCpu, gradientsOf, randomIntegers, randomTensor, type Computation } from "../native/against-cpu.ts";
import { instructionSetSuites } from "../native/native-suite.ts";

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Unary = (x: tf.Tensor) => tf.Tensor;

const binary: Readonly<Record<string, Binary>> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  maximum: (a, b) => tf.maximum(a, b),
  minimum: (a, b) => tf.minimum(a, b),
  squaredDifference: (a, b) => tf.squaredDifference(a, b),
};

/** The same away from where they have no gradient, or a very large one. */
const differentiable: Readonly<Record<string, Binary>> = { ...binary, div: (a, b) => tf.div(a, tf.add(b, 2)) };

const unary: Readonly<Record<string, Unary>> = {
  neg: (x) => tf.neg(x),
  square: (x) => tf.square(x),
  sqrt: (x) => tf.sqrt(tf.abs(x)),
  rsqrt: (x) => tf.rsqrt(tf.add(tf.abs(x), 0.1)),
  relu: (x) => tf.relu(x),
  step: (x) => tf.step(x),
  exp: (x) => tf.exp(x),
  sigmoid: (x) => tf.sigmoid(x),
  abs: (x) => tf.abs(x),
};

/** Shapes that are repeated along one another in every way there is, up to five axes. */
const shapePairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[7], []],
  [[3, 5], [1]],
  [
    [3, 5],
    [1, 1],
  ],
  [
    [3, 5],
    [3, 5],
  ],
  [[3, 5], [5]],
  [
    [3, 5],
    [1, 5],
  ],
  [
    [3, 5],
    [3, 1],
  ],
  [
    [3, 1],
    [1, 5],
  ],
  [[4, 3, 5], [5]],
  [
    [4, 3, 5],
    [3, 5],
  ],
  [
    [4, 3, 5],
    [4, 1, 1],
  ],
  [
    [4, 3, 5],
    [4, 3, 1],
  ],
  [
    [4, 3, 5],
    [4, 1, 5],
  ],
  [
    [4, 3, 5],
    [1, 3, 1],
  ],
  [
    [4, 1, 5],
    [1, 3, 1],
  ],
  [
    [2, 3, 4, 5],
    [4, 5],
  ],
  [
    [2, 3, 4, 5],
    [2, 3, 1, 1],
  ],
  [
    [2, 3, 1, 5],
    [1, 1, 4, 1],
  ],
  [[2, 3, 2, 3, 2], [2]],
  [
    [2, 3, 2, 3, 2],
    [2, 3, 1, 1, 1],
  ],
  [
    [2, 1, 2, 1, 2],
    [2, 3, 2, 3, 2],
  ],
  [
    [1, 1, 1, 1, 1],
    [2, 3],
  ],
  // More than one unit of work.
  [
    [130, 131],
    [130, 131],
  ],
  [[130, 131], [131]],
  [
    [130, 131],
    [130, 1],
  ],
  [[20000], []],
];

/** -0 and 0 differ here, and not-a-number equals itself. */
function assertIdentical(received: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  for (let i = 0; i < expected.length; i++) {
    assert.ok(
      Object.is(received[i], expected[i]),
      `${what}, entry ${i}: expected ${signed(expected[i])}, received ${signed(received[i])}`,
    );
  }
}

function signed(value: number | undefined): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

instructionSetSuites("elementwise operations on two tensors", (test, open) => {
  for (const [name, compute] of Object.entries(binary)) {
    test(`${name} equals the cpu backend's with every kind of repetition, either way round`, async () => {
      const cases = shapePairs.flatMap(([a, b]) =>
        [[a, b] as const, [b, a] as const].map(([left, right], i): [string, Computation] => [
          `[${left.join()}] and [${right.join()}] ${i}`,
          () => compute(randomTensor(left, 1), randomTensor(right, 2)),
        ]),
      );
      const calls = await againstCpu(open, Object.fromEntries(cases));
      for (const [i, [a, b]] of shapePairs.entries()) {
        const isFolded = foldBroadcast(a, b) !== undefined;
        assert.is([...calls.values()][2 * i]!.at(-1) === "binary", isFolded, `[${a.join()}] and [${b.join()}]`);
      }
    });
  }

  test("are right for every length of the last vector", async () => {
    const lengths = Array.from({ length: 40 }, (_, i) => i + 1);
    await againstCpu(
      open,
      Object.fromEntries(
        lengths.flatMap((n): [string, Computation][] => [
          [`${n}`, () => tf.sub(randomTensor([n], 1), randomTensor([n], 2))],
          [`3 x ${n}`, () => tf.sub(randomTensor([3, n], 1), randomTensor([n], 2))],
          [`${n} less a number`, () => tf.sub(randomTensor([n], 1), 0.3)],
          [`3 x ${n} less a column`, () => tf.sub(randomTensor([3, n], 1), randomTensor([3, 1], 2))],
        ]),
      ),
      { atol: 0, rtol: 0 },
    );
  });

  test("of integers are left to tfjs, and of mixed types are float32", async () => {
    for (const [name, compute] of Object.entries(binary).filter(([name]) => name !== "div")) {
      const calls = await againstCpu(open, {
        integers: () => compute(randomIntegers([4, 5], 1), randomIntegers([5], 2)),
        mixed: () => compute(randomIntegers([4, 5], 1), randomTensor([5], 2)),
        "mixed, the other way": () => compute(randomTensor([4, 5], 1), randomIntegers([5], 2)),
      });
      assert.equal(calls.get("integers"), [], name);
    }
  });

  test("of empty tensors are empty", async () => {
    const cases = Object.entries(binary).flatMap(([name, compute]): [string, Computation][] => [
      [`${name}, nothing`, () => compute(tf.zeros([0]), tf.zeros([0]))],
      [`${name}, no rows`, () => compute(tf.zeros([0, 3]), tf.zeros([3]))],
      [`${name}, no columns`, () => compute(tf.zeros([3, 1]), tf.zeros([3, 0]))],
    ]);
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("refuse shapes that do not fit each other", async () => {
    await open();
    assert.throws(() => tf.tidy(() => tf.add(tf.ones([2, 3]), tf.ones([2]))));
    assert.throws(() => tf.tidy(() => tf.mul(tf.ones([4]), tf.ones([3]))));
  });

  test("of special values are what IEEE 754 says, to the bit", async () => {
    await open();
    const specials = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e-45, -1e-40, 3e38, -3e38, 1 / 3].map(Math.fround);
    const pairs = specials.flatMap((a) => specials.map((b) => [a, b] as const));
    const [a, b] = [pairs.map(([left]) => left), pairs.map(([, right]) => right)];
    const defined: readonly [string, Binary, (a: number, b: number) => number][] = [
      ["add", binary["add"]!, (x, y) => x + y],
      ["sub", binary["sub"]!, (x, y) => x - y],
      ["mul", binary["mul"]!, (x, y) => x * y],
      ["div", (x, y) => tf.div(x, y), (x, y) => x / y],
    ];
    for (const [name, compute, define] of defined) {
      const received = tf.tidy(() => compute(tf.tensor1d(a), tf.tensor1d(b)).dataSync());
      assertIdentical(
        received,
        pairs.map((pair) => Math.fround(define(...pair))),
        name,
      );
    }
  });

  test("have the larger and the smaller of special values; not-a-number wins", async () => {
    await open();
    const specials = [0, 1, -1, NaN, Infinity, -Infinity, 1e-45, 3e38];
    const pairs = specials.flatMap((a) => specials.map((b) => [a, b] as const));
    const [a, b] = [pairs.map(([left]) => left), pairs.map(([, right]) => right)];
    for (const [compute, define] of [
      [binary["maximum"]!, Math.max],
      [binary["minimum"]!, Math.min],
    ] as const) {
      const received = tf.tidy(() => compute(tf.tensor1d(a), tf.tensor1d(b)).dataSync());
      assertIdentical(
        received,
        pairs.map((pair) => Math.fround(define(...pair))),
        define.name,
      );
    }
  });

  test("have the gradients of the cpu backend", async () => {
    const pairs = shapePairs.filter(([a, b]) => a.length < 5 && tf.util.sizeFromShape([...a, ...b]) < 5000);
    const cases = Object.entries(differentiable).flatMap(([name, compute]) => {
      // tfjs differentiates these of two tensors of one shape only.
      const isOfOneShape = ["maximum", "minimum", "squaredDifference"].includes(name);
      return pairs
        .filter(([a, b]) => !isOfOneShape || a.join() === b.join())
        .map((pair): [string, Computation] => [`${name} ${JSON.stringify(pair)}`, () => gradientsOf(compute, pair)]);
    });
    assert.ok(cases.length > 80, `${cases.length} cases`);
    await againstCpu(open, Object.fromEntries(cases), { atol: 1e-5 });
  });
});

instructionSetSuites("elementwise operations on one tensor", (test, open) => {
  for (const [name, compute] of Object.entries(unary)) {
    test(`${name} equals the cpu backend's, for every length of the last vector`, async () => {
      const shapes = [
        ...Array.from({ length: 40 }, (_, i) => [i + 1]),
        [],
        [3, 5],
        [2, 3, 2, 3, 2],
        [40001],
        [300, 130],
      ];
      const cases = shapes.map((shape): [string, Computation] => [
        `[${shape.join()}]`,
        () => compute(tf.mul(randomTensor(shape), 3)),
      ]);
      const calls = await againstCpu(open, Object.fromEntries(cases));
      for (const called of calls.values()) assert.ok(called.includes("unary"));
    });
  }

  test("of integers and of empty tensors are left to tfjs", async () => {
    const ofNothing = Object.entries(unary).map(([name, compute]): [string, Computation] => [
      `${name} of nothing`,
      () => compute(tf.zeros([0, 3])),
    ]);
    const ofIntegers = ["neg", "square", "relu", "step", "abs"].map((name): [string, Computation] => [
      `${name} of integers`,
      () => unary[name]!(randomIntegers([4, 5])),
    ]);
    const calls = await againstCpu(open, Object.fromEntries([...ofNothing, ...ofIntegers]));
    for (const [what] of ofIntegers) assert.equal(calls.get(what), [], what);
  });

  test("step with a slope is left to tfjs", async () => {
    const calls = await againstCpu(open, { step: () => tf.step(randomTensor([20]), 0.3) });
    assert.equal(calls.get("step"), []);
  });

  test("of special values are what IEEE 754 says, to the bit", async () => {
    await open();
    const specials = [0, -0, 1, -1, 4, NaN, Infinity, -Infinity, 1e-45, -1e-40, 3e38, -3e38, 1 / 3].map(Math.fround);
    const defined: readonly [string, Unary, (x: number) => number][] = [
      ["neg", (x) => tf.neg(x), (x) => -x],
      ["square", (x) => tf.square(x), (x) => x * x],
      ["sqrt", (x) => tf.sqrt(x), Math.sqrt],
      ["relu", (x) => tf.relu(x), (x) => Math.max(0, x)],
      ["step", (x) => tf.step(x), (x) => (Number.isNaN(x) ? NaN : x > 0 ? 1 : 0)],
      ["abs", (x) => tf.abs(x), Math.abs],
    ];
    for (const [name, compute, define] of defined) {
      const received = tf.tidy(() => compute(tf.tensor1d(specials)).dataSync());
      assertIdentical(
        received,
        specials.map((x) => Math.fround(define(x))),
        name,
      );
    }
    const roots = tf.tidy(() => tf.rsqrt(tf.tensor1d([0, -0, Infinity, -1, NaN, 4])).dataSync());
    assertIdentical(roots, [Infinity, -Infinity, 0, NaN, NaN, 0.5], "rsqrt");
  });

  test("have the gradients of the cpu backend", async () => {
    const cases = Object.entries(unary).map(([name, compute]): [string, Computation] => [
      name,
      () => gradientsOf(compute, [[5, 19]]),
    ]);
    await againstCpu(open, Object.fromEntries(cases));
  });
});
