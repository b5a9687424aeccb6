import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { duplication } from "../../../plugins/evaluator/duplication.ts";
import { evaluateOne, fakeModel, near, rowsOf, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

async function evaluateDecoder(decoder: number[][], experts: number, threshold = 0.9) {
  const width = decoder[0]!.length;
  const model = fakeModel({ shape: shapeOf(width, decoder.length, experts), decoder });
  const before = tf.memory().numTensors;
  const evaluator = await duplication.create({ threshold }, { tf });
  const { metrics, artefacts } = await evaluateOne(evaluator, { model, source: sourceOf([new Array(width).fill(0)]) });
  assert.is(tf.memory().numTensors, before, "no tensor leaks");
  return {
    duplicates: metrics["it/duplicates"],
    same: metrics["it/same-expert"],
    cross: metrics["it/cross-expert"],
    meanMaxCosine: metrics["it/mean-max-cosine"],
    matrix: artefacts["it"]!["expert-cosine"] as (number | null)[][],
  };
}

const unit = (axis: number): number[] => [0, 1, 2, 3, 4, 5].map((d) => (d === axis ? 1 : 0));

suite("evaluator duplication", (test, hooks) => {
  hooks.before(useCpu);

  test("orthogonal features have no duplicates", async () => {
    const result = await evaluateDecoder([unit(0), unit(1), unit(2), unit(3)], 2);
    assert.equal([result.duplicates, result.same, result.cross, result.meanMaxCosine], [0, 0, 0, 0]);
    assert.equal(result.matrix, [
      [0, 0],
      [0, 0],
    ]);
  });

  test("splits known duplicates into those within and across experts", async () => {
    // Expert 0: a, a, b. Expert 1: b, c, d. Both copies of a are same-expert; both of b are cross-expert.
    const result = await evaluateDecoder([unit(0), unit(0), unit(1), unit(1), unit(2), unit(3)], 2);
    near(result.duplicates, 4 / 6);
    near(result.same, 2 / 6);
    near(result.cross, 2 / 6);
    near(result.meanMaxCosine, 4 / 6);
    // Expert 0 to itself: 1, 1, 0; to expert 1: 0, 0, 1. Expert 1 to expert 0: 1, 0, 0; to itself: none.
    assert.equal(result.matrix, [
      [0.6667, 0.3333],
      [0.3333, 0],
    ]);
  });

  test("counts a feature with duplicates of both sorts once in the union", async () => {
    // Expert 0: a, a. Expert 1: a, b.
    const result = await evaluateDecoder([unit(0), unit(0), unit(0), unit(1)], 2);
    assert.equal([result.duplicates, result.same, result.cross], [3 / 4, 2 / 4, 3 / 4]);
  });

  test("compares directions, not lengths or signs", async () => {
    const scaled = [3, 0, 0, 0, 0, 0];
    const opposite = [-2, 0, 0, 0, 0, 0];
    assert.is((await evaluateDecoder([unit(0), scaled], 1)).duplicates, 1);
    assert.is((await evaluateDecoder([unit(0), opposite], 1)).duplicates, 0);
  });

  test("the threshold is an option", async () => {
    // cos = 0.8
    const decoder = [
      [1, 0],
      [0.8, 0.6],
    ];
    assert.is((await evaluateDecoder(decoder, 1)).duplicates, 0);
    assert.is((await evaluateDecoder(decoder, 1, 0.75)).duplicates, 1);
  });

  test("experts of one feature have no duplicate within, and no cosine to themselves", async () => {
    const result = await evaluateDecoder([unit(0), unit(0), unit(1)], 3);
    assert.equal([result.same, result.cross], [0, 2 / 3]);
    assert.equal(result.matrix, [
      [null, 1, 0],
      [1, null, 0],
      [0, 0, null],
    ]);
  });

  test("a dictionary of one feature has nothing to compare", async () => {
    const result = await evaluateDecoder([unit(0)], 1);
    assert.equal([result.duplicates, result.same, result.cross, result.meanMaxCosine], [0, 0, 0, undefined]);
  });

  test("a feature of all zeros duplicates nothing", async () => {
    const zero = [0, 0, 0, 0, 0, 0];
    assert.is((await evaluateDecoder([zero, zero, unit(1)], 1)).duplicates, 0);
  });

  test("agrees with loops over all pairs on a crowded dictionary", async () => {
    const decoder = rowsOf(60, 3, 9);
    const experts = 4;
    const cosine = (a: number[], b: number[]): number =>
      a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
    const expertOf = (feature: number): number => Math.floor(feature / 15);
    const counts = { either: 0, same: 0, cross: 0 };
    decoder.forEach((row, i) => {
      const twins = decoder.map((other, j) => (j !== i && cosine(row, other) > 0.9 ? expertOf(j) : -1));
      counts.either += Number(twins.some((expert) => expert >= 0));
      counts.same += Number(twins.some((expert) => expert === expertOf(i)));
      counts.cross += Number(twins.some((expert) => expert >= 0 && expert !== expertOf(i)));
    });
    assert.ok(counts.same > 5 && counts.cross > counts.same && counts.either < 60, "the example is telling");
    const result = await evaluateDecoder(decoder, experts);
    assert.equal(
      [result.duplicates, result.same, result.cross],
      [counts.either / 60, counts.same / 60, counts.cross / 60],
    );
  });
});
