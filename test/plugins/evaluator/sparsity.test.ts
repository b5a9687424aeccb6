import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Code } from "../../../core/model/contracts.ts";
import { sparsity } from "../../../plugins/evaluator/sparsity.ts";
import { evaluateOne, fakeModel, near, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

interface Density {
  readonly log10From: number;
  readonly log10Step: number;
  readonly counts: readonly number[];
  readonly silent: number;
  readonly rows: number;
}

/** A model whose row n, wherever it lies, has the code `codes[first activation]`. */
async function evaluateCodes(
  codes: { indices: number[][]; values: number[][] },
  options: { features: number; batchSize?: number; windowRows?: number },
) {
  const rows = codes.indices.map((_unused, n) => [n, 0]);
  const code = (acts_BD: tf.Tensor2D): Code => {
    const numbers = [...acts_BD.dataSync()].filter((_unused, i) => i % 2 === 0);
    return {
      kind: "sparse",
      indices_BK: tf.tensor2d(
        numbers.map((n) => codes.indices[n]!),
        undefined,
        "int32",
      ),
      values_BK: tf.tensor2d(numbers.map((n) => codes.values[n]!)),
    };
  };
  const evaluator = await sparsity.create(
    options.windowRows === undefined ? {} : { windowRows: options.windowRows },
    {},
  );
  const outcome = await evaluateOne(evaluator, {
    model: fakeModel({ shape: shapeOf(2, options.features), code }),
    source: sourceOf(rows),
    config: { rows: 1e6, batchSize: options.batchSize ?? 2 },
  });
  return {
    l0: outcome.metrics["it/l0"],
    dead: outcome.metrics["it/dead-fraction"],
    windowRows: outcome.metrics["it/dead-window-rows"],
    density: outcome.artefacts["it"]!["density"] as Density,
  };
}

const four = {
  indices: [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 7],
  ],
  values: [
    [1, 2],
    [1, 0],
    [3, 1],
    [0, 5],
  ],
};

suite("evaluator sparsity", (test, hooks) => {
  hooks.before(useCpu);

  test("l0 is the mean number of values that are not zero after selection", async () => {
    const { l0 } = await evaluateCodes(four, { features: 8 });
    assert.is(l0, (2 + 1 + 2 + 1) / 4);
  });

  test("a feature that was selected with value zero counts as dead", async () => {
    // Active: 0, 1 (row 0), 3, 7. Never active: 2, 4, 5, 6.
    const { dead, windowRows } = await evaluateCodes(four, { features: 8 });
    assert.is(dead, 4 / 8);
    assert.is(windowRows, 4);
  });

  for (const batchSize of [1, 2, 3, 4]) {
    test(`a window of 3 rows looks at exactly 3 rows in batches of ${batchSize}`, async () => {
      // Feature 7 fires on the fourth row only.
      const { dead, windowRows, l0 } = await evaluateCodes(four, { features: 8, batchSize, windowRows: 3 });
      assert.is(dead, 5 / 8);
      assert.is(windowRows, 3);
      assert.is(l0, 1.5, "l0 still covers every row");
    });
  }

  test("a window longer than the rows says how many rows there were", async () => {
    const { dead, windowRows } = await evaluateCodes(four, { features: 8, windowRows: 1000 });
    assert.is(dead, 4 / 8);
    assert.is(windowRows, 4);
  });

  test("the summary of dead-fraction states the window", async () => {
    const withWindow = await sparsity.create({ windowRows: 4096 }, {});
    assert.match(withWindow.metrics["dead-fraction"]!.summary, /the first 4096 held-out rows/);
    const without = await sparsity.create({}, {});
    assert.match(without.metrics["dead-fraction"]!.summary, /the evaluated held-out rows/);
  });

  test("the histogram counts every feature once, by how often it fires", async () => {
    // Of 4 rows: feature 0 fires on 3 (log10 -0.12), 1, 3 and 7 on 1 (log10 -0.60); half-decade bins from -6.
    const { density } = await evaluateCodes(four, { features: 8 });
    assert.equal(density.counts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1]);
    assert.is(density.silent, 4);
    assert.is(
      density.counts.reduce((sum, count) => sum + count, density.silent),
      8,
    );
    assert.equal([density.log10From, density.log10Step, density.rows], [-6, 0.5, 4]);
  });

  test("a feature that fires on every row falls in the last bin", async () => {
    const always = { indices: [[0], [0]], values: [[1], [1]] };
    const { density, dead } = await evaluateCodes(always, { features: 1 });
    assert.is(density.counts.at(-1), 1);
    assert.is(dead, 0);
  });

  test("reads block codes: features of the routed blocks only", async () => {
    const code: Code = {
      kind: "block",
      expertIndices_BR: tf.tensor2d([[1], [3]], [2, 1], "int32"),
      values_BRM: tf.tensor3d([[[0, 2]], [[4, 1]]]),
    };
    const evaluator = await sparsity.create({}, {});
    const outcome = await evaluateOne(evaluator, {
      model: fakeModel({ shape: shapeOf(2, 8, 4), code: () => code }),
      source: sourceOf([
        [0, 0],
        [1, 0],
      ]),
    });
    near(outcome.metrics["it/l0"], 1.5);
    // Active: 3, 6, 7.
    assert.is(outcome.metrics["it/dead-fraction"], 5 / 8);
  });
});
