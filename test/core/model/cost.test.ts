import * as assert from "uvu/assert";
import { accountCost } from "../../../core/model/cost.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { suite } from "../../suite.ts";

const shapeOf = (features: number, numExperts: number, numSelected = 1) =>
  createModelShape({ width: 768, features, router: { numExperts, numSelected } });
const cost = (features: number, numExperts: number, numSelected = 1, activeFeatures: number | "all" = 32) =>
  accountCost({
    shape: shapeOf(features, numExperts, numSelected),
    activeFeatures: activeFeatures === "all" ? undefined : activeFeatures,
    batchSize: 8192,
    steps: 100_000,
    encoderBias: false,
  });

suite("cost accounting", (test) => {
  test("counts the paper's FLOPs as 4 D M R a row", () => {
    assert.is(cost(24576, 1).flopsPerRow, 4 * 768 * 24576);
    assert.is(cost(24576, 16).flopsPerRow, (4 * 768 * 24576) / 16);
    assert.is(cost(24576, 16, 2).flopsPerRow, (4 * 768 * 24576 * 2) / 16);
  });
  test("gives FLOP-matched models the same accounted FLOPs", () => {
    for (const experts of [2, 4, 8]) assert.is(cost(24576 * experts, experts).flopsPerRow, cost(24576, 1).flopsPerRow);
  });
  test("agrees with the paper's training total for 64 experts at F = 131072", () => {
    const total = cost(131072, 64).flopsPerRow * 8192 * 100_000;
    assert.ok(Math.abs(total / 5.2e15 - 1) < 0.01, `${total}`);
  });
  test("counts parameters of a dense and of a routed model by hand", () => {
    assert.is(cost(24576, 1).parameters, 2 * 24576 * 768 + 768);
    assert.is(cost(24576, 16).parameters, 2 * 24576 * 768 + 768 + 16 * 768 + 768);
    const biased = accountCost({
      shape: shapeOf(1024, 1),
      activeFeatures: 8,
      batchSize: 1,
      steps: 1,
      encoderBias: true,
    });
    assert.is(biased.parameters, 2 * 1024 * 768 + 768 + 1024);
  });
  test("charges the decoder for active features only", () => {
    assert.is(cost(24576, 16).decoderFlops, 2 * 768 * 32);
    assert.is(cost(24576, 16, 1, "all").decoderFlops, 2 * 768 * 1536);
    assert.is(cost(1024, 16, 1, 100_000).decoderFlops, 2 * 768 * 64, "never more than the routed block");
  });
  test("charges the router only where there is a choice", () => {
    assert.is(cost(24576, 1).routerFlops, 0);
    assert.is(cost(24576, 16).routerFlops, 2 * 768 * 16);
  });
  test("charges a router for the scores that it states, and the backward pass for the trained ones", () => {
    const of = (router: { scores?: number; trainedScores?: number }) =>
      accountCost({
        ...{ shape: shapeOf(1024, 4), activeFeatures: 8, batchSize: 16, steps: 1, encoderBias: false },
        router,
      });
    const dictionary = 2 * 1024 * 768 + 768;
    // By hand: forward 2 D 256 + 2 D 8, backward 3 * 2 D 8, 12 FLOPs a parameter; a router adds 2 D a score, 4 D a trained one.
    const without = 16 * 2 * 768 * (256 + 4 * 8) + 12 * dictionary;
    const none = of({ scores: 0 });
    assert.equal([none.routerFlops, none.parameters, none.trainingFlops], [0, dictionary, without]);
    const frozen = of({ scores: 4, trainedScores: 0 });
    assert.equal(
      [frozen.routerFlops, frozen.parameters, frozen.trainingFlops],
      [2 * 768 * 4, dictionary, without + 16 * 2 * 768 * 4],
    );
    const noisy = of({ scores: 8 });
    assert.equal(
      [noisy.routerFlops, noisy.parameters, noisy.trainingFlops],
      [2 * 768 * 8, dictionary + 9 * 768, without + 16 * 6 * 768 * 8 + 12 * 9 * 768],
    );
  });
  test("does not count shared experts among those that are scored", () => {
    const shape = createModelShape({ width: 8, features: 16, router: { numExperts: 4, numSelected: 2, numShared: 1 } });
    const input = { shape, activeFeatures: 2, batchSize: 1, steps: 1, encoderBias: false };
    assert.is(accountCost(input).routerFlops, 2 * 8 * 3);
  });
  test("makes training cheaper with more experts of one total width", () => {
    const totals = [1, 2, 4, 8, 16].map((experts) => cost(24576, experts).trainingFlops);
    for (let i = 1; i < totals.length; i++) assert.ok(totals[i]! < totals[i - 1]!);
  });
  test("grows training FLOPs in proportion to steps and memory not at all", () => {
    const input = { shape: shapeOf(1024, 4), activeFeatures: 8, batchSize: 256, encoderBias: false };
    const short = accountCost({ ...input, steps: 10 });
    const long = accountCost({ ...input, steps: 30 });
    assert.is(long.trainingFlops, 3 * short.trainingFlops);
    assert.is(long.memoryBytes, short.memoryBytes);
    assert.ok(short.memoryBytes >= 16 * short.parameters);
  });
});
