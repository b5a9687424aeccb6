/** tfjs' matrix products on the native device. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { expectClose } from "../../conformance/conformance-case.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { againstCpu, gradientsOf, randomIntegers, randomTensor, type Computation } from "../native/against-cpu.ts";
import { callsOf, instructionSetSuites } from "../native/native-suite.ts";

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Multiplies random matrices and compares with their definition in float64. */
function checkProduct({ m, n, k, transposeA = false, transposeB = false }: Product): void {
  const random = createRandomData(m + 100 * n + 10000 * k);
  const [a, b] = [random.floats(m * k), random.floats(k * n)];
  const received = tf.tidy(() =>
    tf
      .matMul(
        tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
        tf.tensor2d(b, transposeB ? [n, k] : [k, n]),
        transposeA,
        transposeB,
      )
      .dataSync(),
  );
  const expected = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let at = 0; at < k; at++) {
      const left = a[transposeA ? at * m + i : i * k + at]!;
      for (let j = 0; j < n; j++) expected[i * n + j]! += left * b[transposeB ? j * k + at : at * n + j]!;
    }
  }
  const what = `[${m}, ${k}] x [${k}, ${n}], transposed ${transposeA} and ${transposeB}`;
  expectClose(what, received, expected, { atol: 1e-6 + 1e-7 * k, rtol: 1e-5 });
}

/** Batched shapes, [a, b], without transposes. */
const batches: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [3, 5, 7],
    [3, 7, 4],
  ],
  [
    [2, 3, 4, 5],
    [2, 3, 5, 6],
  ],
  [
    [4, 3, 9],
    [9, 20],
  ],
  [
    [4, 3, 9],
    [1, 9, 20],
  ],
  [
    [3, 9],
    [5, 9, 2],
  ],
  [
    [1, 3, 9],
    [5, 9, 2],
  ],
  [
    [2, 2, 3, 9],
    [9, 17],
  ],
  [
    [1, 1, 1],
    [6, 1, 1],
  ],
  [
    [40, 2, 3],
    [40, 3, 2],
  ],
  [
    [2, 70, 300],
    [2, 300, 210],
  ],
];

function swapped(shape: readonly number[]): number[] {
  return [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
}

function batchedProduct(shapes: (typeof batches)[number], [transposeA, transposeB]: readonly boolean[]): Computation {
  const [a, b] = shapes;
  return () =>
    tf.matMul(
      randomTensor(transposeA === true ? swapped(a) : a, 1),
      randomTensor(transposeB === true ? swapped(b) : b, 2),
      transposeA,
      transposeB,
    );
}

instructionSetSuites("matrix products", (test, open) => {
  test("are right at every size around the edges of a tile", async () => {
    await open();
    for (let m = 1; m <= 13; m++) {
      for (let n = 1; n <= 33; n++) {
        for (const k of [1, 2, 19]) checkProduct({ m, n, k });
      }
    }
  });

  test("are right with either side transposed", async () => {
    await open();
    for (const [transposeA, transposeB] of transposes) {
      for (const m of [1, 5, 6, 12, 13, 25]) {
        for (const n of [1, 7, 8, 16, 17, 33]) checkProduct({ m, n, k: 11, transposeA, transposeB });
      }
    }
  });

  test("are right around the edges of slices, blocks and panels", async () => {
    await open();
    const sizes = [
      ...[383, 384, 385, 769].map((k) => ({ m: 7, n: 21, k })),
      ...[95, 96, 97, 191, 192, 193].map((m) => ({ m, n: 40, k: 5 })),
      ...[
        { m: 1, n: 1000, k: 3 },
        { m: 500, n: 1, k: 390 },
        { m: 1, n: 1, k: 5000 },
        { m: 200, n: 150, k: 400 },
      ],
      // More columns than are packed at once.
      { m: 3, n: 2100, k: 4096 },
    ];
    for (const size of sizes) {
      checkProduct(size);
      if (size.n < 2000) checkProduct({ ...size, transposeA: true, transposeB: true });
    }
  });

  test("are the same for every entry, wherever it lies in a tile", async () => {
    await open();
    // All rows and all columns are alike: so must all entries be, to the bit.
    const k = 801;
    const [row, column] = [createRandomData(1).floats(k), createRandomData(2).floats(k)];
    const product = tf.tidy(() => {
      const a = tf.tile(tf.tensor2d(row, [1, k]), [29, 1]);
      const b = tf.tile(tf.tensor2d(column, [k, 1]), [1, 37]);
      return tf.matMul(a, b).dataSync();
    });
    assert.is(new Set(product).size, 1);
  });

  test("of batches equal those of the cpu backend, with all transposes and either side repeated", async () => {
    const computations = Object.fromEntries(
      batches.flatMap((shapes) =>
        transposes.map((flags) => [`${JSON.stringify(shapes)} ${flags.join()}`, batchedProduct(shapes, flags)]),
      ),
    );
    const calls = await againstCpu(open, computations, { atol: 2e-5 });
    for (const [what, called] of calls) assert.equal(called, ["matMul"], what);
  });

  test("pass infinities and not-a-numbers on", async () => {
    const product = (a: number[], b: number[]) => (): tf.Tensor =>
      tf.matMul(tf.tensor2d([a]), tf.tensor2d([b]), false, true);
    await againstCpu(open, {
      nan: product([1, NaN, 2], [1, 1, 1]),
      "nan times zero": product([1, NaN, 2], [1, 0, 1]),
      infinity: product([1, Infinity, 2], [1, -1, 1]),
      "infinity times zero": product([1, Infinity, 2], [1, 0, 1]),
      "infinity less infinity": product([Infinity, -Infinity], [1, 1]),
    });
  });

  test("without an inner size are zeros, and without rows or columns empty", async () => {
    const product =
      (a: number[], b: number[]): Computation =>
      () =>
        tf.matMul(tf.zeros(a), tf.zeros(b));
    await againstCpu(open, {
      "no inner size": product([3, 0], [0, 4]),
      "no inner size of a batch": product([2, 3, 0], [2, 0, 4]),
      "no rows": product([0, 3], [3, 4]),
      "no columns": product([2, 3], [3, 0]),
      "no batch": product([0, 2, 3], [0, 3, 4]),
    });
  });

  test("of integers are left to tfjs", async () => {
    const calls = await againstCpu(open, {
      integers: () => tf.matMul(randomIntegers([3, 4], 1), randomIntegers([4, 5], 2)),
      mixed: () => tf.matMul(randomTensor([3, 4], 1), randomIntegers([4, 5], 2)),
    });
    assert.equal(calls.get("integers"), []);
    assert.equal(calls.get("mixed"), ["matMul"]);
  });

  test("refuse batches that would both have to be repeated", async () => {
    await open();
    // tfjs' cpu backend returns a tensor of shape [2, 2, 3, 5] here that has half of the values.
    assert.throws(() => tf.tidy(() => tf.matMul(tf.ones([2, 1, 3, 4]), tf.ones([1, 2, 4, 5]))));
    assert.throws(() => tf.tidy(() => tf.matMul(tf.ones([2, 3, 4]), tf.ones([3, 4, 5]))));
    assert.throws(() => tf.tidy(() => tf.matMul(tf.ones([3, 4]), tf.ones([3, 4]))));
  });

  test("have the gradients of the cpu backend", async () => {
    const shapes = batches.filter(([a, b]) => a.length === b.length && a[0] === b[0] && a.length < 4).slice(0, 2);
    const cases = [
      [
        [3, 5],
        [5, 4],
      ] as const,
      ...shapes,
    ].flatMap((pair) =>
      transposes.map(([transposeA, transposeB]): [string, Computation] => [
        `${JSON.stringify(pair)} ${transposeA} ${transposeB}`,
        () =>
          gradientsOf(
            (a, b) => tf.matMul(a, b, transposeA, transposeB),
            [transposeA ? swapped(pair[0]) : pair[0], transposeB ? swapped(pair[1]) : pair[1]],
          ),
      ]),
    );
    await againstCpu(open, Object.fromEntries(cases));
  });
});

instructionSetSuites("fused matrix products", (test, open) => {
  const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const;
  const [a, b]: [number[], number[]] = [
    [6, 9],
    [9, 17],
  ];

  test("equal those of the cpu backend, with every bias and activation", async () => {
    const biases = { none: undefined, vector: [17], row: [1, 17], column: [6, 1], matrix: [6, 17], number: [1] };
    const cases = Object.entries(biases).flatMap(([what, shape]) =>
      activations.map((activation): [string, Computation] => [
        `${what} ${activation}`,
        () =>
          tf.fused.matMul({
            a: randomTensor(a, 1),
            b: randomTensor(b, 2),
            activation,
            ...(shape === undefined ? {} : { bias: randomTensor(shape, 3) }),
          }),
      ]),
    );
    const calls = await againstCpu(open, Object.fromEntries(cases));
    assert.equal(calls.get("none linear"), ["matMul"]);
    assert.equal(calls.get("vector linear"), ["matMul"]);
    assert.equal(calls.get("row linear"), ["matMul"]);
    assert.not(calls.get("column linear")!.includes("matMul"));
  });

  test("equal those of the cpu backend with transposes, batches and a bias", async () => {
    const cases = transposes.flatMap(([transposeA, transposeB]) =>
      batches.slice(0, 2).map(([left, right]): [string, Computation] => [
        `${left.join()} ${transposeA} ${transposeB}`,
        () =>
          tf.fused.matMul({
            a: randomTensor(transposeA ? swapped(left) : left, 1),
            b: randomTensor(transposeB ? swapped(right) : right, 2),
            transposeA,
            transposeB,
            bias: randomTensor([right.at(-1)!], 3),
          }),
      ]),
    );
    await againstCpu(open, Object.fromEntries(cases));
  });

  test("with learned slopes equal those of the cpu backend", async () => {
    await againstCpu(open, {
      prelu: () =>
        tf.fused.matMul({
          a: randomTensor(a, 1),
          b: randomTensor(b, 2),
          bias: randomTensor([17], 3),
          activation: "prelu",
          preluActivationWeights: randomTensor([17], 4),
        }),
    });
  });

  test("add the bias where there is no inner size", async () => {
    const { addon } = await open();
    const out = new Float32Array(6);
    addon.matMul(
      1,
      2,
      3,
      0,
      false,
      false,
      false,
      false,
      new Float32Array(0),
      new Float32Array(0),
      Float32Array.of(1, 2, 3),
      out,
    );
    assert.equal([...out], [1, 2, 3, 1, 2, 3]);
  });

  test("have the gradients of the cpu backend", async () => {
    await againstCpu(
      open,
      Object.fromEntries(
        (["linear", "relu"] as const).map((activation) => [
          activation,
          () => gradientsOf((x, y, bias) => tf.fused.matMul({ a: x, b: y, bias, activation }), [a, b, [17]]),
        ]),
      ),
    );
  });

  test("are one call of the addon", async () => {
    const { addon } = await open();
    const calls = callsOf(addon, () => {
      tf.tidy(() => tf.fused.matMul({ a: tf.ones([4, 3]), b: tf.ones([3, 2]), bias: tf.ones([2]) }));
    });
    assert.equal(calls, ["matMul"]);
  });
});
