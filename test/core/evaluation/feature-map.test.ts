import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { layOut, nearestNeighbours, sampleAscending } from "../../../core/evaluation/feature-map.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";
import { near, rowsOf, useCpu } from "./fixtures.ts";

const stream = () => createRng(4).stream("map");

const cosine = (a: number[], b: number[]): number =>
  a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

/** Three bundles of 20 rows, each around an axis. */
function bundles(): number[][] {
  return rowsOf(60, 6, 5).map((noise, n) => noise.map((x, d) => 0.2 * x + (d === Math.floor(n / 20) ? 1 : 0)));
}

async function neighboursOf(rows: number[][], k: number) {
  const rows_ND = tf.tensor2d(rows);
  const neighbours = await nearestNeighbours(tf, rows_ND, k);
  rows_ND.dispose();
  return neighbours;
}

suite("the map of features", (test, hooks) => {
  hooks.before(useCpu);

  test("samples each number once, ascending, the same every time", () => {
    const sample = sampleAscending(100, 10, stream());
    assert.is(new Set(sample).size, 10);
    assert.equal(
      sample,
      [...sample].sort((a, b) => a - b),
    );
    assert.ok(sample.every((number) => number >= 0 && number < 100));
    assert.equal(sampleAscending(100, 10, stream()), sample);
    assert.not.equal(sampleAscending(100, 10, createRng(5).stream("map")), sample);
    assert.equal(sampleAscending(3, 10, stream()), [0, 1, 2]);
  });

  test("samples every number as often", () => {
    const counts = new Array<number>(10).fill(0);
    const one = stream();
    for (let time = 0; time < 3000; time++) for (const number of sampleAscending(10, 3, one)) counts[number]! += 1;
    // 900 each, with a standard deviation of 25.
    for (const count of counts) assert.ok(Math.abs(count - 900) < 100, counts.join());
  });

  test("finds the neighbours that comparing all pairs in float64 finds", async () => {
    const rows = rowsOf(530, 4, 9);
    const { indices_NK, cosines_NK } = await neighboursOf(rows, 5);
    for (const n of [0, 1, 511, 512, 529]) {
      const expected = rows
        .map((other, j) => ({ j, cosine: j === n ? -9 : cosine(rows[n]!, other) }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 5);
      assert.equal(
        indices_NK[n],
        expected.map(({ j }) => j),
      );
      expected.forEach((neighbour, i) => {
        near(cosines_NK[n]![i], neighbour.cosine, 1e-5);
      });
    }
  });

  test("takes the lower of equally near rows", async () => {
    const { indices_NK } = await neighboursOf(
      [
        [1, 0],
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      3,
    );
    assert.equal(indices_NK[4], [1, 2, 3]);
    assert.equal(indices_NK[1], [2, 3, 4]);
  });

  test("lays bundles of directions out as clusters, the same every time", async () => {
    const neighbours = await neighboursOf(bundles(), 8);
    const points = await layOut({ neighbours, minDistance: 0.1, stream: stream() });
    assert.equal(await layOut({ neighbours, minDistance: 0.1, stream: stream() }), points);
    const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
    points.forEach((point, n) => {
      const nearest = points
        .map((other, j) => ({ j, far: j === n ? Number.POSITIVE_INFINITY : distance(point, other) }))
        .sort((a, b) => a.far - b.far)[0]!;
      assert.is(Math.floor(nearest.j / 20), Math.floor(n / 20), `the nearest point of ${n} is ${nearest.j}`);
    });
  });
});
