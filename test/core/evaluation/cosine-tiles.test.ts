import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { excludedCosine, visitCosineTiles } from "../../../core/evaluation/cosine-tiles.ts";
import { suite } from "../../suite.ts";
import { near, rowsOf, useCpu } from "./fixtures.ts";

async function cosinesOf(queries: number[][], candidates: number[][], excludeSelf = false): Promise<number[][]> {
  const before = tf.memory().numTensors;
  const [queries_ND, candidates_FD] = [tf.tensor2d(queries), tf.tensor2d(candidates)];
  const rows: number[][] = [];
  await visitCosineTiles(tf, { queries_ND, candidates_FD, excludeSelf }, async ({ start, count, cosines_TF }) => {
    assert.is(start, rows.length);
    const tile = await cosines_TF.array();
    assert.is(tile.length, count);
    rows.push(...tile);
  });
  tf.dispose([queries_ND, candidates_FD]);
  assert.is(tf.memory().numTensors, before);
  return rows;
}

const cosine = (a: number[], b: number[]): number =>
  a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

suite("tiles of cosines", (test, hooks) => {
  hooks.before(useCpu);

  test("cover every pair once, over more than one tile", async () => {
    const [queries, candidates] = [rowsOf(520, 3, 1), rowsOf(4, 3, 2)];
    const cosines = await cosinesOf(queries, candidates);
    assert.is(cosines.length, 520);
    cosines.forEach((row, n) => {
      row.forEach((value, j) => {
        near(value, cosine(queries[n]!, candidates[j]!), 1e-5);
      });
    });
  });

  test("mark the cosine of a row with itself", async () => {
    const rows = rowsOf(515, 3, 3);
    const cosines = await cosinesOf(rows, rows, true);
    cosines.forEach((row, n) => {
      near(row[n], 1 + excludedCosine, 1e-5);
    });
    near(cosines[514]![0], cosine(rows[514]!, rows[0]!), 1e-5);
  });

  test("a zero row has cosine 0 with everything", async () => {
    assert.equal(
      await cosinesOf(
        [[0, 0]],
        [
          [1, 0],
          [0, 0],
        ],
      ),
      [[0, 0]],
    );
  });

  test("dispose of everything when a visit fails", async () => {
    const rows = tf.tensor2d(rowsOf(3, 2, 1));
    const before = tf.memory().numTensors;
    const visit = (): never => {
      throw new Error("no");
    };
    let message = "";
    try {
      await visitCosineTiles(tf, { queries_ND: rows, candidates_FD: rows, excludeSelf: false }, visit);
    } catch (error) {
      message = String(error);
    }
    assert.match(message, /no/);
    assert.is(tf.memory().numTensors, before);
    rows.dispose();
  });
});
