import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { sortedPairs } from "../../../kernels/native/sorted-pairs.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { callsOf, nativeSuite, openNative } from "./native-suite.ts";

function indicesOf(values: ArrayLike<number>, active: number): tf.Tensor2D {
  return tf.tensor2d(Int32Array.from(values), [values.length / active, active], "int32");
}

nativeSuite("sorted pairs", (test) => {
  test("list the pairs of each feature, ascending, with their rows", async () => {
    const { memory } = await openNative();
    tf.tidy(() => {
      // Rows: (2, 0), (2, 2), (4, 0).
      const { starts, positions, rowsOfPairs } = sortedPairs(memory, indicesOf([2, 0, 2, 2, 4, 0], 2), 6);
      assert.equal([...starts], [0, 2, 2, 5, 5, 6, 6]);
      assert.equal([...positions], [1, 5, 0, 2, 3, 4]);
      assert.equal([...rowsOfPairs], [0, 2, 0, 1, 1, 2]);
    });
  });

  test("are what sorting by feature gives, for random codes", async () => {
    const { memory } = await openNative();
    const random = createRandomData(8);
    for (const [rows, active, features] of [
      [1, 1, 1],
      [7, 3, 5],
      [200, 8, 64],
      [50, 4, 10_000],
    ] as const) {
      const indices = random.indices(rows * active, features);
      const expected = Array.from(indices.keys()).sort((a, b) => indices[a]! - indices[b]! || a - b);
      tf.tidy(() => {
        const { starts, positions, rowsOfPairs } = sortedPairs(memory, indicesOf(indices, active), features);
        assert.equal([...positions], expected);
        assert.equal(
          [...rowsOfPairs],
          expected.map((pair) => Math.floor(pair / active)),
        );
        assert.is(starts.length, features + 1);
        assert.is(starts.at(-1), rows * active);
        for (const [at, pair] of expected.entries()) {
          const feature = indices[pair]!;
          assert.ok(starts[feature]! <= at && at < starts[feature + 1]!);
        }
      });
    }
  });

  test("are found once an index tensor and a number of features, clones included", async () => {
    const { memory, addon } = await openNative();
    tf.tidy(() => {
      const indices = indicesOf([2, 0, 2, 2], 2);
      const calls = callsOf(addon, () => {
        const first = sortedPairs(memory, indices, 6);
        assert.is(sortedPairs(memory, indices, 6), first);
        assert.is(sortedPairs(memory, tf.clone(indices), 6), first);
        assert.is.not(sortedPairs(memory, indices, 7), first);
        assert.is(sortedPairs(memory, indices, 6), first);
      });
      assert.equal(calls, ["sortByFeature", "sortByFeature"]);
    });
  });

  test("belong to their tensor: another one in the same memory is sorted anew", async () => {
    const { memory } = await openNative();
    const size = 5000;
    const sortedOf = (feature: number): readonly number[] =>
      tf.tidy(() => {
        // Large enough to come from a free list, so the second tensor lies where the first one was.
        const indices = memory.allocate([size, 1], "int32");
        memory.ints(indices).fill(feature);
        return [...sortedPairs(memory, indices as tf.Tensor2D, 2).starts];
      });
    assert.equal(sortedOf(0), [0, size, size]);
    assert.equal(sortedOf(1), [0, 0, size]);
  });

  test("refuse a feature that does not exist", async () => {
    const { memory } = await openNative();
    tf.tidy(() => {
      assert.throws(() => sortedPairs(memory, indicesOf([0, 6], 2), 6), /whole numbers from 0 to 5/);
      assert.throws(() => sortedPairs(memory, indicesOf([0, -1], 2), 6), /whole numbers from 0 to 5/);
    });
  });
});
