import * as assert from "uvu/assert";
import { createSyntheticRows } from "../../../core/data/synthetic-rows.ts";
import type { SyntheticOptions } from "../../../core/data/synthetic-rows.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

const base: SyntheticOptions = {
  width: 16,
  features: 12,
  activeFeatures: 3,
  rows: 3000,
  clusters: 1,
  clusterCosine: 0.3,
  noise: 0,
  minMagnitude: 0.5,
  maxMagnitude: 1.5,
};

/** Orthogonal-ish decoding is possible when width >= features: solves rows for the features' values. */
function leastSquares(directions: Float32Array, numFeatures: number, x: Float32Array): readonly number[] {
  const width = x.length;
  const gram = Array.from({ length: numFeatures }, (_, a) =>
    Array.from({ length: numFeatures + 1 }, (_, b) => {
      let sum = 0;
      for (let i = 0; i < width; i++) {
        sum += directions[a * width + i]! * (b === numFeatures ? x[i]! : directions[b * width + i]!);
      }
      return sum;
    }),
  );
  for (let pivot = 0; pivot < numFeatures; pivot++) {
    for (let row = 0; row < numFeatures; row++) {
      if (row === pivot) continue;
      const factor = gram[row]![pivot]! / gram[pivot]![pivot]!;
      for (let column = pivot; column <= numFeatures; column++) gram[row]![column]! -= factor * gram[pivot]![column]!;
    }
  }
  return gram.map((row, i) => row[numFeatures]! / row[i]!);
}

async function codesOf(options: SyntheticOptions, numRows: number, seed = 0): Promise<readonly (readonly number[])[]> {
  const { store, groundTruth } = createSyntheticRows(options, createRng(seed));
  const rows = new Float32Array(numRows * options.width);
  await store.read(0, numRows, rows);
  return Array.from({ length: numRows }, (_, row) =>
    leastSquares(
      groundTruth.directions,
      groundTruth.numFeatures,
      rows.subarray(row * options.width, (row + 1) * options.width),
    ),
  );
}

const activeOf = (code: readonly number[]): readonly number[] =>
  code.flatMap((value, feature) => (Math.abs(value) > 1e-3 ? [feature] : []));

suite("synthetic-rows", (test) => {
  test("makes unit directions, different from each other", () => {
    const { groundTruth } = createSyntheticRows({ ...base, features: 40 }, createRng(0));
    assert.is(groundTruth.directions.length, 40 * 16);
    for (let a = 0; a < 40; a++) {
      const row = groundTruth.directions.subarray(a * 16, (a + 1) * 16);
      assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-6);
    }
    assert.is(new Set(groundTruth.directions).size, 640);
  });

  test("makes each row a sum of active features with values in the range, and the expected number of them", async () => {
    const codes = await codesOf(base, 2000);
    let numActive = 0;
    const uses = new Array<number>(12).fill(0);
    for (const code of codes) {
      for (const feature of activeOf(code)) {
        assert.ok(code[feature]! > 0.499 && code[feature]! < 1.501, `${code[feature]!}`);
        numActive += 1;
        uses[feature]! += 1;
      }
    }
    // Binomial(12, 1/4) a row: standard error of the mean 0.034; of a feature's count of 500, 19.
    assert.ok(Math.abs(numActive / 2000 - 3) < 0.14, `${numActive / 2000}`);
    for (const count of uses) assert.ok(Math.abs(count - 500) < 90, `${count}`);
  });

  test("activates every feature when all are expected", async () => {
    for (const code of await codesOf({ ...base, activeFeatures: 12 }, 20)) assert.is(activeOf(code).length, 12);
  });

  test("draws the features of a row from one cluster, and uses all clusters", async () => {
    const codes = await codesOf({ ...base, clusters: 4, activeFeatures: 1.5, clusterCosine: 0 }, 600);
    const used = new Set<number>();
    for (const code of codes) {
      const clusters = new Set(activeOf(code).map((feature) => Math.floor(feature / 3)));
      assert.ok(clusters.size <= 1);
      for (const cluster of clusters) used.add(cluster);
    }
    assert.is(used.size, 4);
  });

  test("gives features of a cluster the asked-for cosine to a common centre", () => {
    const options = { ...base, width: 400, features: 200, clusters: 2, clusterCosine: 0.6 };
    const { directions } = createSyntheticRows(options, createRng(1)).groundTruth;
    const cosine = (a: number, b: number): number => {
      let sum = 0;
      for (let i = 0; i < 400; i++) sum += directions[a * 400 + i]! * directions[b * 400 + i]!;
      return sum;
    };
    const mean = (pairs: readonly (readonly [number, number])[]): number =>
      pairs.reduce((sum, [a, b]) => sum + cosine(a, b), 0) / pairs.length;
    const within = mean(Array.from({ length: 99 }, (_, i) => [i, i + 1] as const));
    const between = mean(Array.from({ length: 100 }, (_, i) => [i, i + 100] as const));
    // 0.6 squared within; between, the two centres' own cosine (standard deviation 1/20) times 0.36.
    assert.ok(Math.abs(within - 0.36) < 0.03, `${within}`);
    assert.ok(Math.abs(between) < 0.06, `${between}`);
  });

  test("adds noise of the asked-for size", async () => {
    const quiet = createSyntheticRows({ ...base, activeFeatures: 1e-9, noise: 0.25 }, createRng(2)).store;
    const rows = new Float32Array(2000 * 16);
    await quiet.read(0, 2000, rows);
    const variance = rows.reduce((sum, value) => sum + value * value, 0) / rows.length;
    assert.ok(Math.abs(variance / 0.0625 - 1) < 0.05, `${variance}`);
  });

  test("gives the same row whatever was read before, and in whatever pieces", async () => {
    const { store } = createSyntheticRows({ ...base, noise: 0.1 }, createRng(3));
    const all = new Float32Array(3000 * 16);
    await store.read(0, 3000, all);
    const fresh = createSyntheticRows({ ...base, noise: 0.1 }, createRng(3)).store;
    for (const [start, count] of [
      [2999, 1],
      [250, 600],
      [0, 1],
      [255, 2],
    ] as const) {
      const part = new Float32Array(count * 16);
      await fresh.read(start, count, part);
      assert.equal(part, all.subarray(start * 16, (start + count) * 16).slice());
    }
  });

  test("differs by seed", async () => {
    const [a, b] = [new Float32Array(16), new Float32Array(16)];
    await createSyntheticRows({ ...base, noise: 1 }, createRng(1)).store.read(0, 1, a);
    await createSyntheticRows({ ...base, noise: 1 }, createRng(2)).store.read(0, 1, b);
    assert.not.equal(a, b);
  });

  test("does not read beyond its rows", async () => {
    const { store } = createSyntheticRows(base, createRng(0));
    const outcome = await store.read(2999, 2, new Float32Array(32)).catch((error: unknown) => String(error));
    assert.match(String(outcome), /RangeError: rows 2999 to 3001/);
  });
});
