import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Evaluation, Evaluator } from "../../../core/evaluation/contracts.ts";
import { evaluate } from "../../../core/evaluation/evaluate.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { fakeModel, memoryStore, rowsOf, shapeOf, sourceOf, training, useCpu } from "./fixtures.ts";

function evaluatorOf(evaluation: Evaluation): Evaluator {
  return { metrics: {}, begin: () => evaluation };
}

function inputOf(evaluators: readonly (readonly [string, Evaluator])[], rows = rowsOf(7, 2, 1), limit = 100) {
  return {
    tf,
    model: fakeModel({ shape: shapeOf(2, 4) }),
    evaluators,
    source: sourceOf(rows),
    config: { rows: limit, batchSize: 3 },
    training,
    activeFeatures: 2,
  };
}

async function failureOf(promise: Promise<unknown>): Promise<SwitchyardError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("expected a SwitchyardError, but nothing was thrown");
}

suite("evaluate", (test, hooks) => {
  hooks.before(useCpu);

  test("shows every evaluator every row once, in order, with a last partial batch", async () => {
    const rows = rowsOf(7, 2, 3);
    const seen: number[][] = [];
    const sizes: number[] = [];
    const watcher = evaluatorOf({
      observe: async ({ acts_BD }) => {
        sizes.push(acts_BD.shape[0]);
        seen.push(...(await acts_BD.array()));
      },
      finish: () => undefined,
    });
    await evaluate(inputOf([["watcher", watcher]], rows));
    assert.equal(sizes, [3, 3, 1]);
    assert.equal(
      seen,
      rows.map((row) => row.map(Math.fround)),
    );
  });

  test("stops at the configured number of rows", async () => {
    let rows = 0;
    const counter = evaluatorOf({
      observe: ({ acts_BD }) => {
        rows += acts_BD.shape[0];
      },
      finish: () => ({ metrics: { rows } }),
    });
    const { metrics } = await evaluate(inputOf([["counter", counter]], rowsOf(7, 2, 1), 5));
    assert.equal(metrics, { "counter/rows": 5 });
  });

  test("runs the model once a batch however many evaluators watch", async () => {
    let forwards = 0;
    const model = fakeModel({
      shape: shapeOf(2, 4),
      reconstruct: (acts) => {
        forwards += 1;
        return tf.clone(acts);
      },
    });
    const watcher = evaluatorOf({ observe: () => undefined, finish: () => undefined });
    await evaluate({
      ...inputOf([
        ["a", watcher],
        ["b", watcher],
        ["c", watcher],
      ]),
      model,
    });
    assert.is(forwards, 3);
  });

  test("reads no row when no evaluator observes", async () => {
    const heldOut = memoryStore(rowsOf(7, 2, 1), 2);
    const input = inputOf([["facts", evaluatorOf({ finish: () => ({ metrics: { one: 1 } }) })]]);
    const { metrics } = await evaluate({ ...input, source: { ...input.source, heldOut } });
    assert.equal(metrics, { "facts/one": 1 });
    assert.equal(heldOut.reads, []);
  });

  test("finishes in the order of the config, after all rows", async () => {
    const events: string[] = [];
    const named = (name: string): readonly [string, Evaluator] => [
      name,
      evaluatorOf({
        observe: () => void events.push(`${name} sees`),
        finish: () => {
          events.push(`${name} ends`);
          return undefined;
        },
      }),
    ];
    await evaluate({ ...inputOf([named("b"), named("a")]), config: { rows: 3, batchSize: 3 } });
    assert.equal(events, ["b sees", "a sees", "b ends", "a ends"]);
  });

  test("names metrics after the evaluator and keeps artefacts by evaluator", async () => {
    const outcome = await evaluate(
      inputOf([
        ["first", evaluatorOf({ finish: () => ({ metrics: { x: 1, "y-z": 2 }, artefacts: { list: [1, 2] } }) })],
        ["second", evaluatorOf({ finish: () => undefined })],
        ["third", evaluatorOf({ finish: () => Promise.resolve({ metrics: { x: 3 } }) })],
      ]),
    );
    assert.equal(outcome, {
      metrics: { "first/x": 1, "first/y-z": 2, "third/x": 3 },
      artefacts: { first: { list: [1, 2] } },
    });
  });

  test("gives evaluators the model, the source, the cost and K", async () => {
    const contexts: unknown[] = [];
    const curious: Evaluator = {
      metrics: {},
      begin: (context) => {
        contexts.push(context);
        return { finish: () => undefined };
      },
    };
    const input = inputOf([["curious", curious]]);
    await evaluate(input);
    assert.equal(contexts.length, 1);
    const [context] = contexts as [Record<string, unknown>];
    assert.is(context["model"], input.model);
    assert.is(context["source"], input.source);
    assert.is(context["training"], training);
    assert.is(context["activeFeatures"], 2);
    assert.is(context["shape"], input.model.shape);
  });

  test("leaks no tensor, with sparse and block codes and with routers that keep their own", async () => {
    const cached = tf.keep(tf.zeros<tf.Rank.R2>([3, 1], "int32"));
    const model = fakeModel({
      shape: shapeOf(2, 4, 2),
      code: () => ({ kind: "block", expertIndices_BR: cached, values_BRM: tf.zeros([3, 1, 2]) }),
      route: () => ({ expertIndices_BR: cached, gates_BR: tf.ones([3, 1]), probabilities_BE: tf.ones([3, 2]) }),
      reconstruct: (acts) => tf.add(tf.mul(acts, 2), 1),
    });
    const watcher = evaluatorOf({
      observe: async ({ acts_BD }) => {
        await acts_BD.data();
      },
      finish: () => undefined,
    });
    const before = tf.memory().numTensors;
    await evaluate({ ...inputOf([["w", watcher]], rowsOf(9, 2, 1)), model });
    assert.is(tf.memory().numTensors, before);
    assert.not.ok(cached.isDisposed);
    cached.dispose();
  });

  test("leaks no tensor when an evaluator throws", async () => {
    const before = tf.memory().numTensors;
    const broken = evaluatorOf({
      observe: () => {
        throw new Error("no");
      },
      finish: () => undefined,
    });
    await failureOf(evaluate(inputOf([["broken", broken]])));
    assert.is(tf.memory().numTensors, before);
  });

  for (const phase of ["begin", "observe", "finish"] as const) {
    test(`says which evaluator threw in ${phase}, with the cause`, async () => {
      const cause = new Error("the probe is gone");
      const fail = (): never => {
        throw cause;
      };
      const evaluator: Evaluator = {
        metrics: {},
        begin: () =>
          phase === "begin"
            ? fail()
            : phase === "observe"
              ? { observe: fail, finish: () => undefined }
              : { finish: fail },
      };
      const error = await failureOf(evaluate(inputOf([["mine", evaluator]])));
      assert.is(error.code, "EVALUATOR_FAILED");
      assert.is(error.where, `evaluator/mine, ${phase}`);
      assert.match(error.message, /"mine" failed: the probe is gone/);
      assert.is(error.cause, cause);
    });
  }

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`refuses a metric of ${value} and names it`, async () => {
      const evaluator = evaluatorOf({ finish: () => ({ metrics: { good: 1, mse: value } }) });
      const error = await failureOf(evaluate(inputOf([["reconstruction", evaluator]])));
      assert.is(error.code, "METRIC_NOT_FINITE");
      assert.is(error.where, "reconstruction/mse");
      assert.is(error.received, String(value));
    });
  }

  test("refuses a source without held-out rows", async () => {
    const error = await failureOf(evaluate(inputOf([], [])));
    assert.is(error.code, "NO_HELD_OUT_ROWS");
    assert.match(error.received ?? "", /^0 held-out rows/);
  });
});
