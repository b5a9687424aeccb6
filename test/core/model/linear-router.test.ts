import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { initialiseLinearRouter, linearScores, routerBias } from "../../../core/model/linear-router.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

suite("linear router", (test) => {
  test("starts its weight uniform within 1/sqrt(D), from the run's seed", () => {
    const { weight } = initialiseLinearRouter({ experts: 64, width: 100, bias: "none" }, createRng(1));
    assert.equal(weight.shape, [64, 100]);
    const values = weight.values;
    assert.is(values.length, 6400);
    assert.ok(values.every((value) => Math.abs(value) <= 0.1));
    // Variance of U(-a, a) is a^2 / 3.
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    assert.ok(Math.abs(variance - 0.01 / 3) < 0.0002, `${variance}`);
    const again = initialiseLinearRouter({ experts: 64, width: 100, bias: "none" }, createRng(1));
    assert.equal(again.weight.values, values);
  });

  test("has an input bias unless there is none, which follows the decoder's or copies it once", () => {
    const biasOf = (bias: "shared" | "separate" | "none") =>
      initialiseLinearRouter({ experts: 2, width: 3, bias }, createRng(0)).input_bias?.decoderBias;
    assert.equal([biasOf("shared"), biasOf("separate"), biasOf("none")], ["shared", "copy", undefined]);
    assert.equal(routerBias.enum, ["shared", "separate", "none"]);
  });

  test("scores are the products of weight rows with the centred row", () => {
    const scores = tf.tidy(() => {
      const parameters = {
        weight: tf.tensor2d([
          [1, 2],
          [0, -1],
          [3, 0],
        ]),
        input_bias: tf.tensor1d([1, 1]),
      };
      return linearScores(
        tf,
        tf.tensor2d([
          [2, 4],
          [1, 1],
        ]),
        parameters,
      ).arraySync();
    });
    assert.equal(scores, [
      [7, -3, 3],
      [0, -0, 0],
    ]);
  });

  test("without an input bias nothing is subtracted", () => {
    const scores = tf.tidy(() =>
      linearScores(tf, tf.tensor2d([[2, 4]]), { weight: tf.tensor2d([[1, 2]]) }).arraySync(),
    );
    assert.equal(scores, [[10]]);
  });
});
