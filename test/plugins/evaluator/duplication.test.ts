import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { duplication } from "../../../plugins/evaluator/duplication.ts";
import { evaluateOne, fakeModel, near, rowsOf, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

async function evaluateDecoder(decoder: number[][], experts: number, threshold = 0.9, thresholds = [0.7, 0.9, 0.95]) {
  const width = decoder[0]!.length;
  const model = fakeModel({ shape: shapeOf(width, decoder.length, experts), decoder });
  const before = tf.memory().numTensors;
  const evaluator = await duplication.create({ threshold, thresholds }, { tf });
  const { metrics, artefacts } = await evaluateOne(evaluator, { model, source: sourceOf([new Array(width).fill(0)]) });
  assert.is(tf.memory().numTensors, before, "no tensor leaks");
  return {
    duplicates: metrics["it/duplicates"],
    same: metrics["it/same-expert"],
    cross: metrics["it/cross-expert"],
    meanMaxCosine: metrics["it/mean-max-cosine"],
    effective: metrics["it/effective-features"],
    metric: (name: string) => metrics[`it/${name}`],
    described: Object.keys(evaluator.metrics).sort(),
    given: Object.keys(metrics)
      .map((name) => name.slice(3))
      .sort(),
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

  test("gives every further threshold names of its own, and the headline's only once", async () => {
    // cos = 0.8
    const decoder = [
      [1, 0],
      [0.8, 0.6],
      [0, 1],
    ];
    const result = await evaluateDecoder(decoder, 3);
    assert.equal(result.given, result.described);
    assert.equal(["duplicates", "same-expert", "cross-expert", "effective-features"].map(result.metric), [0, 0, 0, 3]);
    const at = (suffix: string) =>
      ["duplicates", "same-expert", "cross-expert", "effective-features"].map((name) =>
        result.metric(`${name}-at-${suffix}`),
      );
    assert.equal(at("0-7"), [2 / 3, 0, 2 / 3, 2]);
    assert.equal(at("0-95"), [0, 0, 0, 3]);
    assert.is(result.metric("duplicates-at-0-9"), undefined);
  });

  test("merges chains of duplicates into one feature", async () => {
    // Neighbours at 20 degrees (cosine 0.94), the ends at 40 (0.77): one cluster above 0.9, though the ends differ.
    const at = (degrees: number): number[] => [
      Math.cos((degrees * Math.PI) / 180),
      Math.sin((degrees * Math.PI) / 180),
    ];
    const result = await evaluateDecoder([at(0), at(180), at(20), at(270), at(40)], 1);
    assert.is(result.effective, 3);
    assert.is(result.duplicates, 3 / 5);
    assert.is(result.metric("effective-features-at-0-95"), 5);
  });

  test("merges across tiles of rows", async () => {
    const decoder = rowsOf(700, 12, 4);
    for (let copy = 0; copy < 100; copy++) decoder[600 + copy] = decoder[copy]!.map((value) => 2 * value);
    const result = await evaluateDecoder(decoder, 7, 0.999, []);
    assert.is(result.effective, 600);
    near(result.duplicates, 200 / 700);
    assert.equal([result.same, result.cross], [0, 200 / 700]);
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
    // Clusters by spreading each feature's label until nothing changes.
    const labels = decoder.map((_unused, i) => i);
    for (let changes = 1; changes > 0;) {
      changes = 0;
      decoder.forEach((row, i) => {
        decoder.forEach((other, j) => {
          if (i === j || cosine(row, other) <= 0.9 || labels[i]! <= labels[j]!) return;
          labels[i] = labels[j]!;
          changes += 1;
        });
      });
    }
    assert.is(result.effective, new Set(labels).size);
    assert.equal(
      [result.duplicates, result.same, result.cross],
      [counts.either / 60, counts.same / 60, counts.cross / 60],
    );
  });
});
