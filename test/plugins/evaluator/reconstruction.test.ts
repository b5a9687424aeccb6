import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { reconstruction } from "../../../plugins/evaluator/reconstruction.ts";
import { evaluateOne, fakeModel, near, rowsOf, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";

interface Options {
  readonly compat?: boolean;
  readonly withoutFirst?: boolean;
  /** Rows of a context; without it the source knows no positions. */
  readonly contextRows?: number;
}

type Reconstruct = (acts_BD: tf.Tensor2D) => tf.Tensor2D;

async function metricsOf(rows: number[][], reconstruct: Reconstruct, batchSize = 3, options: Options = {}) {
  const model = fakeModel({ shape: shapeOf(rows[0]!.length, 4), reconstruct });
  const { compat = false, withoutFirst = false, contextRows } = options;
  const evaluator = await reconstruction.create({ compat, withoutFirst }, {});
  const positions = contextRows === undefined ? {} : { heldOutPositions: (row: number) => row % contextRows };
  const source = sourceOf(rows, positions);
  const outcome = await evaluateOne(evaluator, { model, source, config: { rows: 1e6, batchSize } });
  const metrics = Object.fromEntries(Object.entries(outcome.metrics).map(([name, value]) => [name.slice(3), value]));
  return { mse: metrics["mse"], fvu: metrics["fvu"], cosine: metrics["cosine"], metrics };
}

const constant =
  (row: readonly number[]): Reconstruct =>
  (acts) =>
    tf.tile(tf.tensor2d([[...row]]), [acts.shape[0], 1]);

suite("evaluator reconstruction", (test, hooks) => {
  hooks.before(useCpu);

  test("a perfect reconstruction has mse 0, fvu 0 and cosine 1", async () => {
    const { mse, fvu, cosine } = await metricsOf(rowsOf(10, 4, 1), (acts) => tf.clone(acts));
    assert.is(mse, 0);
    assert.is(fvu, 0);
    near(cosine, 1, 1e-12);
  });

  test("predicting the mean of all rows gives fvu 1", async () => {
    const rows = [
      [1, 2],
      [3, 6],
      [5, -2],
      [7, 2],
    ];
    const { fvu } = await metricsOf(rows, constant([4, 2]));
    near(fvu, 1, 1e-12);
  });

  test("gives the numbers worked out by hand", async () => {
    // Errors (1, 0), (0, 2), (0, 0): squared sums 1, 4, 0. Mean row (1, 2); deviations (0, -2), (-1, 1), (1, 1): 4 + 2 + 2.
    // Cosines: (1,0).(0,0) = 0 by convention; (0,3).(0,1) = 1; (2,3).(2,3) = 1.
    const rows = [
      [1, 0],
      [0, 3],
      [2, 3],
    ];
    const outputs = tf.tensor2d([
      [0, 0],
      [0, 1],
      [2, 3],
    ]);
    const { mse, fvu, cosine } = await metricsOf(rows, () => tf.clone(outputs));
    near(mse, 5 / 3, 1e-12);
    near(fvu, 5 / 8, 1e-12);
    near(cosine, 2 / 3, 1e-12);
  });

  test("mse sums over the width and averages over rows only", async () => {
    const { mse } = await metricsOf(
      [
        [1, 1, 1, 1],
        [1, 1, 1, 1],
      ],
      (acts) => tf.zerosLike(acts),
    );
    assert.is(mse, 4);
  });

  test("does not depend on how rows fall into batches", async () => {
    const rows = rowsOf(23, 3, 5);
    const shrink: Reconstruct = (acts) => tf.mul(acts, 0.75);
    const one = await metricsOf(rows, shrink, 23);
    for (const batchSize of [1, 4, 22]) {
      const other = await metricsOf(rows, shrink, batchSize);
      near(other.mse, one.mse!, 1e-12);
      near(other.fvu, one.fvu!, 1e-12);
      near(other.cosine, one.cosine!, 1e-12);
    }
  });

  test("agrees with a float64 reference written from the definitions", async () => {
    const rows = rowsOf(40, 6, 7).map((row) => row.map(Math.fround));
    const outputs = rows.map((row) => row.map((x, d) => Math.fround(x * 0.5 + 0.1 * d)));
    const { mse, fvu, cosine } = await metricsOf(rows, () => tf.tensor2d(outputs), 40);
    const mean = rows[0]!.map((_unused, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);
    const squares = (a: number[], b: number[]): number => a.reduce((sum, x, d) => sum + (x - b[d]!) ** 2, 0);
    const error = rows.reduce((sum, row, n) => sum + squares(row, outputs[n]!), 0);
    const variation = rows.reduce((sum, row) => sum + squares(row, mean), 0);
    const cosines = rows.map((row, n) => {
      const norm = (v: number[]): number => Math.hypot(...v);
      return row.reduce((sum, x, d) => sum + x * outputs[n]![d]!, 0) / (norm(row) * norm(outputs[n]!));
    });
    near(mse, error / 40, 1e-12);
    near(fvu, error / variation, 1e-12);
    near(cosine, cosines.reduce((sum, c) => sum + c, 0) / 40, 1e-12);
  });

  test("keeps its digits when the mean is far larger than the spread", async () => {
    // Spread 0.5 around 4096 (all exact in float32); the reconstruction is the mean, so fvu is 1 to the last digits.
    const rows = Array.from({ length: 1000 }, (_unused, n) => [4096 + (n % 2 === 0 ? 0.5 : -0.5)]);
    const { fvu, mse } = await metricsOf(rows, constant([4096]), 64);
    near(fvu, 1, 1e-12);
    near(mse, 0.25, 1e-12);
  });

  test("a reconstruction worse than the mean has fvu above 1", async () => {
    const { fvu } = await metricsOf([[1], [-1]], (acts) => tf.neg(acts));
    near(fvu, 4, 1e-12);
  });

  test("leaves fvu out when all rows are alike", async () => {
    const { fvu, mse } = await metricsOf(
      [
        [2, 1],
        [2, 1],
      ],
      constant([0, 1]),
    );
    assert.is(fvu, undefined);
    assert.is(mse, 4);
  });

  test("a diverged model is reported, not averaged away", async () => {
    try {
      await metricsOf(
        [
          [1, 2],
          [3, 4],
        ],
        (acts) => tf.div(acts, tf.zerosLike(acts)),
      );
      assert.unreachable("a NaN passed");
    } catch (error) {
      assert.instance(error, SwitchyardError);
      assert.is((error as SwitchyardError).code, "METRIC_NOT_FINITE");
    }
  });

  test("describes exactly the metrics that it returns, under every option", async () => {
    for (const compat of [false, true]) {
      for (const withoutFirst of [false, true]) {
        const evaluator = await reconstruction.create({ compat, withoutFirst }, {});
        const halve: Reconstruct = (acts) => tf.mul(acts, 0.5);
        const { metrics } = await metricsOf(rowsOf(8, 2, 1), halve, 4, { compat, withoutFirst, contextRows: 4 });
        assert.equal(Object.keys(evaluator.metrics), Object.keys(metrics));
      }
    }
  });

  test("keeps every first position out of the second set of metrics", async () => {
    const options = { compat: true, withoutFirst: true, contextRows: 3 };
    const rows = rowsOf(12, 3, 8).map((row, n) => (n % 3 === 0 ? row.map((x) => 100 * x) : row).map(Math.fround));
    const shrink: Reconstruct = (acts) => tf.mul(acts, 0.75);
    const { metrics } = await metricsOf(rows, shrink, 12, options);
    const { metrics: rest } = await metricsOf(
      rows.filter((_unused, n) => n % 3 !== 0),
      shrink,
      8,
      { compat: true },
    );
    for (const [name, value] of Object.entries(rest)) near(metrics[`${name}-without-first`], value, 1e-12);
    assert.ok(metrics["mse"]! > 100 * metrics["mse-without-first"]!, "the example is telling");
  });

  test("says nothing of positions that the source does not know", async () => {
    const { metrics } = await metricsOf(rowsOf(6, 2, 1), (acts) => tf.clone(acts), 3, { withoutFirst: true });
    assert.equal(Object.keys(metrics), ["mse", "fvu", "cosine"]);
  });
});
