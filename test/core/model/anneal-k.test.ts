import { Type } from "typebox";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import { annealedK, annealingOptions } from "../../../core/model/anneal-k.ts";
import { suite } from "../../suite.ts";

const at = (step: number, totalSteps = 1000) => ({ step, totalSteps });
const wide = { width: 64, reachable: 1000 };

suite("annealing of k", (test) => {
  test("falls linearly, rounded down, from annealFrom at step 0 to k at annealSteps", () => {
    const options = { k: 4, annealSteps: 10, annealFrom: 20 };
    const expected = [20, 18, 16, 15, 13, 12, 10, 8, 7, 5, 4, 4];
    assert.equal(
      expected.map((_k, step) => annealedK(options, at(step), wide)),
      expected,
    );
    assert.is(annealedK(options, at(999), wide), 4);
  });
  test("starts at the width of an activation unless told otherwise", () => {
    assert.is(annealedK({ k: 4, annealSteps: 10, annealFrom: null }, at(0), wide), 64);
    assert.is(annealedK({ k: 4, annealSteps: 10, annealFrom: null }, at(5), wide), 34);
  });
  test("never asks for more than a row can reach, nor for less than k", () => {
    const options = { k: 4, annealSteps: 10, annealFrom: null };
    assert.is(annealedK(options, at(0), { width: 64, reachable: 24 }), 24);
    assert.is(annealedK(options, at(9), { width: 64, reachable: 24 }), 10);
    // What cannot be reached is the expert's to refuse, with k as it was asked for.
    assert.is(annealedK(options, at(0), { width: 64, reachable: 3 }), 4);
  });
  test("rises where annealFrom lies below k", () => {
    const options = { k: 8, annealSteps: 4, annealFrom: 2 };
    assert.equal(
      [0, 1, 2, 3, 4].map((step) => annealedK(options, at(step), wide)),
      [2, 3, 5, 6, 8],
    );
  });
  test("is k without annealing, and when the model is evaluated", () => {
    assert.is(annealedK({ k: 4, annealSteps: 0, annealFrom: 50 }, at(0), wide), 4);
    assert.is(annealedK({ k: 4, annealSteps: 100, annealFrom: 50 }, undefined, wide), 4);
  });
  test("has no effect on the ids of runs by its defaults", () => {
    const schema = Type.Object(annealingOptions);
    assert.equal(Value.Default(schema, {}), { annealSteps: 0, annealFrom: null });
    for (const option of Object.values(annealingOptions)) assert.is(option["x-hash"], "unless-default");
  });
});
