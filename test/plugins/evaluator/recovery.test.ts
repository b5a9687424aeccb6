import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { recovery } from "../../../plugins/evaluator/recovery.ts";
import { evaluateOne, fakeModel, near, rowsOf, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

async function evaluateTruth(truth: number[][] | undefined, decoder: number[][], threshold = 0.9) {
  const width = decoder[0]!.length;
  const groundTruth =
    truth === undefined ? undefined : { directions: Float32Array.from(truth.flat()), numFeatures: truth.length };
  const source = sourceOf([new Array<number>(width).fill(0)], groundTruth === undefined ? {} : { groundTruth });
  const model = fakeModel({ shape: shapeOf(width, decoder.length), decoder });
  const before = tf.memory().numTensors;
  const evaluator = await recovery.create({ threshold }, { tf });
  const { metrics } = await evaluateOne(evaluator, { model, source });
  assert.is(tf.memory().numTensors, before, "no tensor leaks");
  return metrics;
}

suite("evaluator recovery", (test, hooks) => {
  hooks.before(useCpu);

  test("a dictionary that holds every true direction recovers all", async () => {
    const metrics = await evaluateTruth(
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, 2],
        [5, 0],
        [1, 1],
      ],
    );
    assert.equal(metrics, { "it/mean-max-cosine": 1, "it/recovered": 1 });
  });

  test("averages over true features, not over the dictionary", async () => {
    // Truth x is found; truth y is nearest to the diagonal, at cosine 1/sqrt 2.
    const metrics = await evaluateTruth(
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [1, 0.0001],
        [1, 1],
      ],
    );
    near(metrics["it/mean-max-cosine"], (1 + Math.SQRT1_2) / 2);
    assert.is(metrics["it/recovered"], 0.5);
  });

  test("the opposite direction is not the feature", async () => {
    const metrics = await evaluateTruth([[1, 0]], [[-1, 0]]);
    assert.equal(metrics, { "it/mean-max-cosine": -1, "it/recovered": 0 });
  });

  test("the threshold is an option", async () => {
    const truth = [[1, 0]];
    const decoder = [[0.8, 0.6]];
    assert.is((await evaluateTruth(truth, decoder))["it/recovered"], 0);
    assert.is((await evaluateTruth(truth, decoder, 0.75))["it/recovered"], 1);
  });

  test("agrees with loops for more true features than a tile holds", async () => {
    const truth = rowsOf(700, 4, 2);
    const decoder = rowsOf(40, 4, 3);
    const cosine = (a: number[], b: number[]): number =>
      a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    const nearest = truth.map((row) => Math.max(...decoder.map((other) => cosine(row, other))));
    const metrics = await evaluateTruth(truth, decoder);
    near(metrics["it/mean-max-cosine"], nearest.reduce((sum, c) => sum + c, 0) / 700, 1e-6);
    near(metrics["it/recovered"], nearest.filter((c) => c > 0.9).length / 700, 1e-9);
  });

  test("does not apply without ground truth", async () => {
    assert.equal(await evaluateTruth(undefined, [[1, 0]]), {});
    assert.equal(await evaluateTruth([], [[1, 0]]), {});
  });
});
