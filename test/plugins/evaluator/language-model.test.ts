import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { LanguageModelProbe } from "../../../core/data/contracts.ts";
import { languageModel } from "../../../plugins/evaluator/language-model.ts";
import { evaluateOne, fakeModel, near, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

/**
 * A language model whose loss is 2 nats plus the mean squared distance of the spliced activations from the original
 * ones, so that every cross-entropy can be worked out by hand. The activations are (1, 1) and (3, -3): zeros cost
 * (2 + 18) / 4 = 5 nats more.
 */
function quadraticProbe(calls: { kind: string; maxContexts: number }[] = []): LanguageModelProbe {
  const original = [1, 1, 3, -3];
  return {
    numContexts: 10,
    crossEntropy: async (splice, maxContexts) => {
      calls.push({ kind: splice.kind, maxContexts });
      let spliced = original;
      if (splice.kind === "zero") spliced = [0, 0, 0, 0];
      if (splice.kind === "replace") {
        const acts_ND = tf.tensor2d(original, [2, 2]);
        const replaced = splice.replace(acts_ND);
        spliced = [...(await replaced.data())];
        tf.dispose([acts_ND, replaced]);
      }
      const distance = original.reduce((sum, x, i) => sum + (x - spliced[i]!) ** 2, 0) / 4;
      return { nats: 2 + distance, numTokens: 4 };
    },
  };
}

async function measure(reconstruct: (acts: tf.Tensor2D) => tf.Tensor2D, probe: LanguageModelProbe | undefined) {
  const evaluator = await languageModel.create({ contexts: 5 }, { tf });
  const source = sourceOf([[1, 1]], probe === undefined ? {} : { languageModel: probe });
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
      "it/delta-ce": 0,
      "it/ce-original": 2,
      "it/ce-zero": 7,
      "it/ce-sae": 2,
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
  });

  test("something worse than zeros recovers less than nothing", async () => {
    const metrics = await measure((acts) => tf.neg(acts), quadraticProbe());
    near(metrics["it/loss-recovered"], -3);
  });

  test("reads as many contexts as the option says, once for each splice", async () => {
    const calls: { kind: string; maxContexts: number }[] = [];
    await measure((acts) => tf.clone(acts), quadraticProbe(calls));
    assert.equal(calls, [
      { kind: "original", maxContexts: 5 },
      { kind: "zero", maxContexts: 5 },
      { kind: "replace", maxContexts: 5 },
    ]);
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

  test("leaves loss-recovered out where zeros cost nothing", async () => {
    const indifferent: LanguageModelProbe = {
      numContexts: 1,
      crossEntropy: () => Promise.resolve({ nats: 3, numTokens: 1 }),
    };
    const metrics = await measure((acts) => tf.clone(acts), indifferent);
    assert.not.ok("it/loss-recovered" in metrics);
    assert.is(metrics["it/ce-sae"], 3);
  });

  test("reproduces a published value from its three cross-entropies", async () => {
    // SAEBench 0.6.0, core acceptance test: zero 13.0766, SAE 4.7141, original 4.6936 give a score of .99755.
    const published: LanguageModelProbe = {
      numContexts: 1,
      crossEntropy: ({ kind }) =>
        Promise.resolve({ nats: { original: 4.6936, zero: 13.0766, replace: 4.7141 }[kind], numTokens: 1 }),
    };
    near((await measure((acts) => tf.clone(acts), published))["it/loss-recovered"], 0.99755, 1e-5);
  });
});
