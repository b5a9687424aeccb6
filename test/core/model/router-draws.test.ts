import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { createRng } from "../../../core/model/rng.ts";
import { drawMatrix, gumbelDraw, routerStream } from "../../../core/model/router-draws.ts";
import { suite } from "../../suite.ts";

suite("router draws", (test) => {
  const some = (seed: number, step: number): number[] => {
    const stream = routerStream(createRng(seed), { step, totalSteps: 100 });
    return Array.from({ length: 4 }, () => stream.uniform());
  };
  test("are the same for the same seed and step, and others for another seed or step", () => {
    assert.equal(some(1, 7), some(1, 7));
    assert.not.equal(some(1, 7), some(1, 8));
    assert.not.equal(some(1, 7), some(2, 7));
  });
  test("do not depend on how long the run is", () => {
    const stream = routerStream(createRng(1), { step: 7, totalSteps: 8 });
    assert.is(stream.uniform(), some(1, 7)[0]);
  });
  test("have the mean and variance of the Gumbel distribution", () => {
    const stream = createRng(3).stream("gumbel");
    const draws = Array.from({ length: 200_000 }, () => gumbelDraw(stream));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    // Euler's constant and pi^2 / 6; four standard errors of the mean, and about that of the variance.
    assert.ok(Math.abs(mean - 0.5772157) < 4 * Math.sqrt(variance / draws.length), `${mean}`);
    assert.ok(Math.abs(variance - Math.PI ** 2 / 6) < 0.04, `${variance}`);
  });
  test("are finite at both ends of the uniform numbers", () => {
    for (const value of [0, 1 - 2 ** -32]) {
      const stream = { uniform: () => value, integer: () => 0, normal: () => 0 };
      assert.ok(Number.isFinite(gumbelDraw(stream)), `${value}`);
    }
  });
  test("fill a matrix row after row, so that more rows leave the first ones as they are", () => {
    const rowsOf = (rows: number): number[][] => {
      const stream = createRng(5).stream("matrix");
      return tf.tidy(() => drawMatrix(tf, [rows, 3], () => stream.normal()).arraySync());
    };
    assert.equal(rowsOf(2), rowsOf(5).slice(0, 2));
    const stream = createRng(5).stream("matrix");
    assert.equal(
      rowsOf(1)[0],
      [0, 1, 2].map(() => Math.fround(stream.normal())),
    );
  });
});
