import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { gpuMissing, testedGpu } from "../software-gpu.ts";

/** Shape, axes, and why. */
const cases: readonly (readonly [shape: number[], axes: number[] | undefined, what: string])[] = [
  [[7], undefined, "a vector"],
  [[1], undefined, "one number"],
  [[70, 5], [1], "short rows"],
  [[5, 300], [1], "long rows"],
  [[5, 300], [-1], "the last axis, counted from behind"],
  [[300, 5], [0], "columns, in several parts"],
  [[9000, 2], [0], "columns, whose parts are summed in parts"],
  [[4, 70, 6], [1], "the middle"],
  [[4, 70, 6], [0, 1], "the first two"],
  [[4, 70, 6], [0, 2], "axes that lie apart"],
  [[4, 70, 6], undefined, "everything"],
  [[3, 4], [], "no axis"],
];

suite("sum on webgpu", (test, hooks) => {
  hooks.before(async () => {
    if (gpuMissing === undefined) await testedGpu.open();
  });

  for (const [shape, axes, what] of cases) {
    const compare = (): void => {
      const size = tf.util.sizeFromShape(shape);
      // Whole numbers, so that every order of additions gives the same sum.
      const values = Array.from({ length: size }, (_, i) => ((i * 7919) % 101) - 50);
      for (const dtype of ["float32", "int32"] as const) {
        for (const keepDims of [false, true]) {
          const sum = tf.sum(tf.tensor(values, shape, dtype), axes, keepDims);
          const expected = sumInPlainLoops(values, shape, axes ?? shape.map((_, axis) => axis));
          assert.is(sum.dtype, dtype);
          assert.equal([...sum.dataSync()], expected);
          assert.is(sum.rank, keepDims ? shape.length : shape.length - (axes ?? shape).length);
        }
      }
    };
    test(what, compare, { skip: gpuMissing });
  }

  test(
    "counts truth values",
    () => {
      const sum = tf.sum(tf.greater(tf.tensor1d([1, -1, 2]), 0));
      assert.equal([sum.dtype, sum.dataSync()[0]], ["int32", 2]);
    },
    { skip: gpuMissing },
  );
});

function sumInPlainLoops(values: readonly number[], shape: readonly number[], axes: readonly number[]): number[] {
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const kept = shape.map((_, axis) => axis).filter((axis) => !reduced.has(axis));
  const out = new Array<number>(kept.reduce((product, axis) => product * shape[axis]!, 1)).fill(0);
  for (const [i, value] of values.entries()) {
    let [rest, at, step] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = rest % shape[axis]!;
      rest = (rest - index) / shape[axis]!;
      if (reduced.has(axis)) continue;
      at += index * step;
      step *= shape[axis]!;
    }
    out[at]! += value;
  }
  return out;
}
