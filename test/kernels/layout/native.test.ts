/** tfjs' transposes, slices, splits and row gathers on the native device. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { againstCpu, gradientsOf, randomIntegers, randomTensor, type Computation } from "../native/against-cpu.ts";
import { instructionSetSuites } from "../native/native-suite.ts";

/** Nothing is computed here, only moved. */
const exactly = { atol: 0, rtol: 0 };

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

instructionSetSuites("transposes", (test, open) => {
  test("equal the cpu backend's for every order of two to five axes", async () => {
    const shapes = [
      [3, 5],
      [17, 33],
      [100, 70],
      [1, 9],
      [3, 4, 5],
      [1, 20, 1],
      [18, 2, 17],
      [2, 3, 4, 5],
      [2, 3, 1, 2, 4],
    ];
    const cases = shapes.flatMap((shape) =>
      permutations(shape.map((_, axis) => axis)).map((order): [string, Computation] => [
        `[${shape.join()}] by ${order.join()}`,
        () => tf.transpose(randomTensor(shape), order),
      ]),
    );
    const calls = await againstCpu(open, Object.fromEntries(cases), exactly);
    for (const [what, called] of calls) {
      assert.equal(called, what.startsWith("[2,3,1,2,4]") ? [] : ["rearrange"], what);
    }
  });

  test("without an order turn all axes round, and leave numbers and vectors as they are", async () => {
    await againstCpu(
      open,
      Object.fromEntries(
        [[], [4], [3, 5], [2, 3, 4]].map((shape) => [`[${shape.join()}]`, () => tf.transpose(randomTensor(shape))]),
      ),
      exactly,
    );
  });

  test("of integers and of nothing are left to tfjs", async () => {
    const calls = await againstCpu(open, {
      integers: () => tf.transpose(randomIntegers([3, 5])),
      nothing: () => tf.transpose(tf.zeros([0, 5])),
    });
    assert.equal([...calls.values()], [[], []]);
  });
});

instructionSetSuites("slices", (test, open) => {
  const cases: readonly { readonly shape: number[]; readonly begin: number[]; readonly size: number[] }[] = [
    { shape: [9], begin: [2], size: [4] },
    { shape: [9], begin: [8], size: [1] },
    { shape: [9], begin: [0], size: [-1] },
    { shape: [5, 7], begin: [1, 2], size: [3, 4] },
    { shape: [5, 7], begin: [4, 0], size: [1, 7] },
    { shape: [5, 7], begin: [0, 6], size: [5, 1] },
    { shape: [5, 7], begin: [2, 0], size: [-1, -1] },
    { shape: [200, 90], begin: [3, 1], size: [190, 80] },
    { shape: [3, 4, 5], begin: [1, 1, 1], size: [2, 2, 3] },
    { shape: [2, 3, 4, 5], begin: [1, 0, 2, 1], size: [1, 3, 2, 4] },
    { shape: [2, 3, 2, 3, 2], begin: [1, 1, 0, 1, 0], size: [1, 2, 2, 1, 2] },
    { shape: [5, 7], begin: [5, 2], size: [0, 4] },
    { shape: [5, 7], begin: [1, 2], size: [3, 0] },
  ];

  test("equal the cpu backend's, of floats and of integers", async () => {
    const computations = cases.flatMap(({ shape, begin, size }): [string, Computation][] => [
      [JSON.stringify([shape, begin, size]), () => tf.slice(randomTensor(shape), begin, size)],
      [`${JSON.stringify([shape, begin, size])} of integers`, () => tf.slice(randomIntegers(shape), begin, size)],
    ]);
    const calls = await againstCpu(open, Object.fromEntries(computations), exactly);
    assert.equal(calls.get("[[5,7],[1,2],[3,4]]"), ["rearrange"]);
    assert.equal(calls.get("[[5,7],[1,2],[3,4]] of integers"), []);
  });

  test("with steps, by column and of strips equal the cpu backend's", async () => {
    await againstCpu(
      open,
      {
        strided: () => tf.stridedSlice(randomTensor([9, 8]), [1, 0], [8, 8], [2, 3]),
        reversed: () => tf.reverse(randomTensor([5, 7]), 1),
        unstacked: () => tf.unstack(randomTensor([4, 5, 3]), 1),
        padded: () =>
          tf.pad(tf.slice(randomTensor([5, 7]), [1, 1], [2, 2]), [
            [1, 0],
            [0, 2],
          ]),
      },
      exactly,
    );
  });

  test("refuse what lies beyond the tensor", async () => {
    await open();
    tf.tidy(() => {
      const x = tf.ones([5, 7]);
      assert.throws(() => tf.slice(x, [3, 0], [3, 7]));
      assert.throws(() => tf.slice(x, [0, 8], [1, 1]));
      assert.throws(() => tf.slice(x, [-1, 0], [1, 1]));
    });
  });

  test("have the gradients of the cpu backend", async () => {
    await againstCpu(
      open,
      Object.fromEntries(
        cases
          .slice(3, 7)
          .map(({ shape, begin, size }) => [
            JSON.stringify([shape, begin, size]),
            () => gradientsOf((x) => tf.slice(x, begin, size), [shape]),
          ]),
      ),
    );
  });
});

instructionSetSuites("splits", (test, open) => {
  test("equal the cpu backend's, into equal parts and into parts of given sizes", async () => {
    const split =
      (shape: number[], parts: number | number[], axis: number): Computation =>
      () =>
        tf.split(randomTensor(shape), parts, axis);
    const calls = await againstCpu(
      open,
      {
        rows: split([6, 5], 3, 0),
        columns: split([6, 8], 4, 1),
        "columns, from the end": split([6, 8], [3, 5], -1),
        "unequal rows": split([6, 5], [1, 2, 3], 0),
        "the rest": split([6, 5], [1, -1], 0),
        middle: split([4, 6, 5], [2, 4], 1),
        "four axes": split([2, 3, 4, 6], 3, 3),
        vector: split([9], [4, 5], 0),
        "an empty part": split([6, 5], [6, 0], 0),
        "five axes": split([2, 3, 2, 3, 2], 3, 1),
        integers: () => tf.split(randomIntegers([6, 4]), 2, 1),
      },
      exactly,
    );
    assert.equal(calls.get("rows"), ["rearrange", "rearrange", "rearrange"]);
    assert.equal(calls.get("integers"), []);
  });

  test("have the gradients of the cpu backend", async () => {
    await againstCpu(open, {
      split: () =>
        gradientsOf(
          (x) => {
            const [first, second] = tf.split(x, [2, 3], 1);
            return tf.add(tf.mul(first!, 3), tf.slice(second!, [0, 1], [-1, 2]));
          },
          [[4, 5]],
        ),
    });
  });
});

instructionSetSuites("row gathers", (test, open) => {
  const gather =
    (shape: number[], indices: tf.TensorLike, axis = 0): Computation =>
    () =>
      tf.gather(randomTensor(shape), tf.tensor(indices, undefined, "int32"), axis);

  test("equal the cpu backend's along every axis", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => (i * 7) % 20);
    const calls = await againstCpu(
      open,
      {
        rows: gather([6, 5], [3, 0, 3, 5]),
        "a row": gather([6, 5], [2]),
        "rows of one number": gather([6, 1], [5, 4]),
        numbers: gather([6], [5, 0, 0]),
        "rows, by a matrix of indices": gather(
          [6, 5],
          [
            [1, 2],
            [5, 5],
          ],
        ),
        matrices: gather([4, 3, 5], [3, 1]),
        "many rows": gather([20, 17], many),
        columns: gather([6, 5], [4, 1], 1),
        "columns, from the end": gather([6, 5], [4, 1], -1),
        integers: () => tf.gather(randomIntegers([6, 5]), tf.tensor1d([1, 2], "int32")),
        "nothing of something": () => tf.gather(randomTensor([6, 5]), tf.tensor1d([], "int32")),
      },
      exactly,
    );
    assert.equal(calls.get("rows"), ["gatherRows"]);
    assert.equal(calls.get("matrices"), ["gatherRows"]);
    assert.equal(calls.get("columns"), []);
    assert.equal(calls.get("integers"), []);
  });

  test("within batches equal the cpu backend's", async () => {
    await againstCpu(
      open,
      {
        batches: () =>
          tf.gather(
            randomTensor([2, 4, 3]),
            tf.tensor2d(
              [
                [1, 3],
                [0, 0],
              ],
              [2, 2],
              "int32",
            ),
            1,
            1,
          ),
      },
      exactly,
    );
  });

  test("refuse indices that are out of range, and touch nothing", async () => {
    await open();
    tf.tidy(() => {
      const x = tf.ones([6, 5]);
      for (const index of [6, -1, 2 ** 31 - 1, -(2 ** 31)]) {
        assert.throws(() => tf.gather(x, tf.tensor1d([0, index], "int32")), String(index));
        assert.throws(() => tf.gather(x, tf.tensor1d([0, index], "int32"), 1), String(index));
      }
    });
    assert.equal(await tf.tidy(() => tf.gather(tf.ones([2, 1]), tf.tensor1d([1], "int32"))).array(), [[1]]);
  });

  test("have the gradients of the cpu backend", async () => {
    await againstCpu(open, {
      rows: () => gradientsOf((x) => tf.gather(x, tf.tensor1d([3, 0, 3], "int32")), [[6, 5]]),
      columns: () => gradientsOf((x) => tf.gather(x, tf.tensor1d([3, 0, 3], "int32"), 1), [[6, 5]]),
    });
  });
});
