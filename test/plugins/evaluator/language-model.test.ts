import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { LanguageModelProbe, Splice } from "../../../core/data/contracts.ts";
import { languageModel } from "../../../plugins/evaluator/language-model.ts";
import { evaluateOne, fakeModel, near, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

/**
 * A language model whose loss is 2 nats plus the mean squared distance of the spliced activations from the original
 * ones, and whose divergence is half of that distance, so that every number can be worked out by hand. The activations
 * are (1, 1) and (3, -3): zeros cost (1 + 1 + 9 + 9) / 4 = 5 nats more.
 */
function quadraticProbe(calls: { splices: number; maxContexts: number }[] = []): LanguageModelProbe {
  const original = [1, 1, 3, -3];
  const distanceOf = (splice: Splice): number => {
    if (splice.kind === "original") return 0;
    if (splice.kind === "zero") return 5;
    return tf.tidy(() => {
      const spliced = splice.replace(tf.tensor2d(original, [2, 2])).dataSync();
      return original.reduce((sum, x, i) => sum + (x - spliced[i]!) ** 2, 0) / 4;
    });
  };
  return {
    numContexts: 10,
    measure: (splices, maxContexts) => {
      calls.push({ splices: splices.length, maxContexts });
      const effects = splices.map(distanceOf).map((distance) => ({ nats: 2 + distance, kl: distance / 2 }));
      return Promise.resolve({ numTokens: 4, originalNats: 2, effects });
    },
  };
}

/** The held-out rows, of mean (2, 0): mean ablation costs (1 + 1 + 1 + 9) / 4 = 3 nats. */
const heldOut = [
  [1, 5],
  [4, -6],
  [1, 1],
];

async function measure(reconstruct: (acts: tf.Tensor2D) => tf.Tensor2D, probe: LanguageModelProbe | undefined) {
  const evaluator = await languageModel.create({ contexts: 5 }, { tf });
  const source = sourceOf(heldOut, probe === undefined ? {} : { languageModel: probe });
  const model = fakeModel({ shape: shapeOf(2, 4), reconstruct });
  const { metrics } = await evaluateOne(evaluator, { model, source });
  return metrics;
}

suite("evaluator language-model", (test, hooks) => {
  hooks.before(useCpu);

  test("a perfect reconstruction recovers everything", async () => {
    const metrics = await measure((acts) => tf.clone(acts), quadraticProbe());
    assert.equal(metrics, {
      "it/loss-recovered": 1,
      "it/loss-recovered-mean": 1,
      "it/delta-ce": 0,
      "it/ce-original": 2,
      "it/ce-zero": 7,
      "it/ce-mean": 5,
      "it/ce-sae": 2,
      "it/kl-score": 1,
      "it/kl-zero": 2.5,
      "it/kl-mean": 1.5,
      "it/kl-sae": 0,
    });
  });

  test("zeros recover nothing", async () => {
    const metrics = await measure((acts) => tf.zerosLike(acts), quadraticProbe());
    assert.is(metrics["it/loss-recovered"], 0);
    assert.is(metrics["it/delta-ce"], 5);
  });

  test("half the distance recovers three quarters of a quadratic loss", async () => {
    const metrics = await measure((acts) => tf.mul(acts, 0.5), quadraticProbe());
    near(metrics["it/ce-sae"], 3.25);
    near(metrics["it/loss-recovered"], 0.75);
    // (3.25 - 5) / (2 - 5)
    near(metrics["it/loss-recovered-mean"], 1.75 / 3);
    near(metrics["it/kl-sae"], 0.625);
    near(metrics["it/kl-score"], 0.75);
  });

  test("something worse than zeros recovers less than nothing", async () => {
    const metrics = await measure((acts) => tf.neg(acts), quadraticProbe());
    near(metrics["it/loss-recovered"], -3);
  });

  test("reads as many contexts as the option says, once for all splices", async () => {
    const calls: { splices: number; maxContexts: number }[] = [];
    await measure((acts) => tf.clone(acts), quadraticProbe(calls));
    assert.equal(calls, [{ splices: 3, maxContexts: 5 }]);
  });

  test("leaks no tensor of the spliced forward pass", async () => {
    const before = tf.memory().numTensors;
    await measure((acts) => tf.add(tf.mul(acts, 0.5), 0), quadraticProbe());
    assert.is(tf.memory().numTensors, before);
  });

  test("does not apply without a language model or without held-out contexts", async () => {
    assert.equal(await measure((acts) => tf.clone(acts), undefined), {});
    assert.equal(await measure((acts) => tf.clone(acts), { ...quadraticProbe(), numContexts: 0 }), {});
  });

  test("leaves shares out where an ablation costs nothing", async () => {
    const indifferent: LanguageModelProbe = {
      numContexts: 1,
      measure: (splices) =>
        Promise.resolve({ numTokens: 1, originalNats: 3, effects: splices.map(() => ({ nats: 3, kl: 0 })) }),
    };
    const metrics = await measure((acts) => tf.clone(acts), indifferent);
    for (const name of ["loss-recovered", "loss-recovered-mean", "kl-score"]) assert.not.ok(`it/${name}` in metrics);
    assert.is(metrics["it/ce-sae"], 3);
    assert.is(metrics["it/kl-sae"], 0);
  });

  test("reproduces a published value from its three cross-entropies", async () => {
    // SAEBench 0.6.0, core acceptance test: zero 13.0766, SAE 4.7141, original 4.6936 give a score of .99755.
    const effects = [
      { nats: 13.0766, kl: 8 },
      { nats: 9, kl: 4 },
      { nats: 4.7141, kl: 1 },
    ];
    const published: LanguageModelProbe = {
      numContexts: 1,
      measure: () => Promise.resolve({ numTokens: 1, originalNats: 4.6936, effects }),
    };
    const metrics = await measure((acts) => tf.clone(acts), published);
    near(metrics["it/loss-recovered"], 0.99755, 1e-5);
  });
});
