import * as assert from "uvu/assert";
import { initialiseDictionary } from "../../../core/model/initialise-dictionary.ts";
import { createRng } from "../../../core/model/rng.ts";
import { suite } from "../../suite.ts";

const width = 16;
const features = 400;
const make = (initialisation: "uniform" | "gaussian", decoderNorm: number, seed = 0) =>
  initialiseDictionary({ features, width, initialisation, decoderNorm, stream: createRng(seed).stream("dictionary") });
const row = (matrix: Float32Array, f: number): Float32Array => matrix.subarray(f * width, (f + 1) * width);
const norm = (values: Float32Array): number => Math.hypot(...values);

suite("dictionary initialisation", (test) => {
  test("draws a uniform encoder within 1/sqrt D, filling the range", () => {
    const { encoder_FD } = make("uniform", 1);
    assert.is(encoder_FD.length, features * width);
    const bound = 1 / Math.sqrt(width);
    assert.ok(encoder_FD.every((value) => Math.abs(value) <= bound));
    assert.ok(Math.max(...encoder_FD) > 0.99 * bound && Math.min(...encoder_FD) < -0.99 * bound);
    // Variance of U(-a, a) is a^2 / 3.
    const variance = encoder_FD.reduce((sum, value) => sum + value ** 2, 0) / encoder_FD.length;
    assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.05);
  });
  test("makes decoder rows of the asked norm in the direction of their encoder rows", () => {
    for (const decoderNorm of [1, 0.1]) {
      const { encoder_FD, decoder_FD } = make("uniform", decoderNorm);
      for (let f = 0; f < features; f++) {
        assert.ok(Math.abs(norm(row(decoder_FD, f)) - decoderNorm) < 1e-6);
        const dot = row(encoder_FD, f).reduce((sum, value, d) => sum + value * row(decoder_FD, f)[d]!, 0);
        assert.ok(Math.abs(dot / (norm(row(encoder_FD, f)) * decoderNorm) - 1) < 1e-6, "parallel");
      }
    }
  });
  test("gives gaussian encoder and decoder the same rows of the asked norm", () => {
    const { encoder_FD, decoder_FD } = make("gaussian", 0.1);
    assert.equal(encoder_FD, decoder_FD);
    assert.is.not(encoder_FD.buffer, decoder_FD.buffer);
    for (let f = 0; f < features; f++) assert.ok(Math.abs(norm(row(encoder_FD, f)) - 0.1) < 1e-7);
  });
  test("depends on the seed alone", () => {
    assert.equal(make("uniform", 1, 3), make("uniform", 1, 3));
    assert.not.equal(make("uniform", 1, 3), make("uniform", 1, 4));
  });
});
