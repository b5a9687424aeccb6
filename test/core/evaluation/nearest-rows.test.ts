import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { nearestCosines } from "../../../core/evaluation/nearest-rows.ts";
import { suite } from "../../suite.ts";
import { near, rowsOf, useCpu } from "./fixtures.ts";

const half = Math.SQRT1_2;

/** The definition, in float64 and with loops. */
function expectedCosines(
  queries: number[][],
  candidates: number[][],
  numGroups: number,
  excludeSelf: boolean,
): number[] {
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const size = candidates.length / numGroups;
  return queries.flatMap((query, n) =>
    Array.from({ length: numGroups }, (_unused, group) => {
      const cosines = candidates
        .map((candidate, j) => ({
          j,
          cosine: dot(query, candidate) / Math.sqrt(dot(query, query) * dot(candidate, candidate)),
        }))
        .filter(({ j }) => Math.floor(j / size) === group && !(excludeSelf && j === n));
      return cosines.length === 0 ? Number.NaN : Math.max(...cosines.map(({ cosine }) => cosine));
    }),
  );
}

async function received(queries: number[][], candidates: number[][], numGroups = 1, excludeSelf = false) {
  const queries_ND = tf.tensor2d(queries);
  const candidates_FD = tf.tensor2d(candidates);
  const before = tf.memory().numTensors;
  const nearest = await nearestCosines(tf, queries_ND, candidates_FD, { numGroups, excludeSelf });
  assert.is(tf.memory().numTensors, before, "no tensor leaks");
  tf.dispose([queries_ND, candidates_FD]);
  return [...nearest];
}

suite("nearestCosines", (test, hooks) => {
  hooks.before(useCpu);

  test("finds the nearest direction whatever the lengths", async () => {
    const cosines = await received(
      [
        [2, 0],
        [0, -3],
        [5, 5],
      ],
      [
        [1, 0],
        [0, 7],
      ],
    );
    [1, 0, half].forEach((expected, n) => {
      near(cosines[n], expected);
    });
  });

  test("does not compare a row with itself when told so", async () => {
    const cosines = await received(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      1,
      true,
    );
    cosines.forEach((cosine) => {
      near(cosine, half);
    });
  });

  test("is NaN where a group holds only the row itself", async () => {
    const cosines = await received(
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
      2,
      true,
    );
    assert.equal(cosines, [Number.NaN, 0, 0, Number.NaN]);
  });

  test("gives a zero row the cosine 0", async () => {
    assert.equal(
      await received(
        [
          [0, 0],
          [0, -2],
        ],
        [
          [0, 0],
          [0, 3],
        ],
        2,
      ),
      [0, 0, 0, -1],
    );
  });

  for (const [numRows, numGroups] of [
    [12, 1],
    [12, 4],
    [1030, 2],
  ] as const) {
    test(`agrees with the definition for ${numRows} rows in ${numGroups} groups, over tile borders`, async () => {
      const rows = rowsOf(numRows, 5, 11).map((row) => row.map(Math.fround));
      const cosines = await received(rows, rows, numGroups, true);
      const expected = expectedCosines(rows, rows, numGroups, true);
      assert.is(cosines.length, numRows * numGroups);
      const worst = Math.max(...cosines.map((cosine, i) => Math.abs(cosine - expected[i]!)));
      assert.ok(worst < 1e-6, `off by ${worst}`);
    });
  }
});
