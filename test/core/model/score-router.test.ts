import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { TrainingMoment } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import { createScoreRouter, type ScoreRouterOptions } from "../../../core/model/score-router.ts";
import { suite } from "../../suite.ts";

const options: ScoreRouterOptions = { experts: 3, e: 1, shared: 0, gate: "softmax-all", bias: "separate" };
const moment: TrainingMoment = { step: 4, totalSteps: 9 };

suite("score router", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  const identity = () => ({ weight: tf.eye(3), input_bias: tf.tensor1d([0, 0, 1]) });
  const acts_BD = (): tf.Tensor2D => tf.tensor2d([[0.5, 2, 2.9]]);

  test("scores by W (x - b) unless told otherwise", () => {
    const routing = createScoreRouter(tf, options).route(acts_BD(), identity());
    assert.equal(routing.expertIndices_BR.arraySync(), [[1]]);
    const [first = 0, second = 0, third = 0] = routing.logits_BE!.arraySync()[0]!;
    assert.equal([first, second], [0.5, 2]);
    assert.ok(Math.abs(third - 1.9) < 1e-6);
  });
  test("takes other logits, which see the parameters and the training moment", () => {
    const seen: unknown[] = [];
    const router = createScoreRouter(tf, options, {
      logits: (rows_BD, parameters, training) => {
        seen.push(Object.keys(parameters), training);
        return tf.neg(rows_BD);
      },
    });
    assert.equal(router.route(acts_BD(), identity(), moment).expertIndices_BR.arraySync(), [[0]]);
    router.route(acts_BD(), identity());
    assert.equal(seen, [["weight", "input_bias"], moment, ["weight", "input_bias"], undefined]);
  });
  test("takes another order, and gates by the logits all the same", () => {
    const router = createScoreRouter(tf, options, {
      order: ({ logits_BE }, training) => (training === undefined ? logits_BE : tf.neg(logits_BE)),
    });
    const evaluated = router.route(acts_BD(), identity());
    const trained = router.route(acts_BD(), identity(), moment);
    assert.equal(
      [evaluated, trained].map(({ expertIndices_BR }) => expertIndices_BR.arraySync()),
      [[[1]], [[0]]],
    );
    const exponentials = [0.5, 2, 1.9].map(Math.exp);
    const expected = exponentials[0]! / exponentials.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(trained.gates_BR.arraySync()[0]![0]! - expected) < 1e-6);
  });
  test("adds parameters of its own between the weight and the input bias", () => {
    const router = createScoreRouter(
      tf,
      { ...options, shared: 1 },
      {
        own: ({ experts, width }) => ({
          extra: { shape: [experts, width], values: new Float32Array(experts * width) },
        }),
      },
    );
    const shape = createModelShape({ width: 4, features: 6, router: { numExperts: 3, numSelected: 2, numShared: 1 } });
    const inits = router.initialise(shape, createRng(0));
    assert.equal(
      Object.entries(inits).map(([name, init]) => [name, init.shape]),
      [
        ["weight", [2, 4]],
        ["extra", [2, 4]],
        ["input_bias", [4]],
      ],
    );
  });
  test("rejects counts that leave no expert to route to", () => {
    assert.throws(() => createScoreRouter(tf, { ...options, shared: 3 }), /cannot all be shared/);
  });
});
