import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { RoutingMoment } from "../../../core/evaluation/contracts.ts";
import { routing } from "../../../plugins/evaluator/routing.ts";
import { evaluateOne, fakeModel, near, shapeOf, sourceOf, useCpu } from "../../core/evaluation/fixtures.ts";
import { suite } from "../../suite.ts";

interface Decisions {
  readonly choices: readonly (readonly number[])[];
  readonly probabilities?: readonly (readonly number[])[];
  readonly experts: number;
  readonly batchSize?: number;
  readonly sharedExperts?: number;
  readonly moments?: readonly RoutingMoment[];
}

/** Row n is [n]; the model looks its decision up. */
async function evaluateRouting({ choices, probabilities, experts, batchSize = 2, ...rest }: Decisions) {
  const pick = <T>(acts_BD: tf.Tensor2D, list: readonly T[]): T[] => [...acts_BD.dataSync()].map((n) => list[n]!);
  const model = fakeModel({
    shape: {
      ...shapeOf(1, experts * 2, experts, choices[0]!.length),
      ...(rest.sharedExperts === undefined ? {} : { sharedExperts: rest.sharedExperts }),
    },
    route: (acts_BD) => ({
      expertIndices_BR: tf.tensor2d(
        pick(
          acts_BD,
          choices.map((row) => [...row]),
        ),
        undefined,
        "int32",
      ),
      gates_BR: tf.ones([acts_BD.shape[0], choices[0]!.length]),
      ...(probabilities === undefined
        ? {}
        : {
            probabilities_BE: tf.tensor2d(
              pick(
                acts_BD,
                probabilities.map((row) => [...row]),
              ),
            ),
          }),
    }),
  });
  const source = sourceOf(choices.map((_unused, n) => [n]));
  const evaluator = await routing.create({}, {});
  const { metrics, artefacts } = await evaluateOne(evaluator, {
    ...{ model, source, config: { rows: 1e6, batchSize } },
    ...(rest.moments === undefined ? {} : { routingMoments: rest.moments }),
  });
  return { metric: (name: string) => metrics[`it/${name}`], artefacts: artefacts["it"]! };
}

suite("evaluator routing", (test, hooks) => {
  hooks.before(useCpu);

  test("counts the share of rows of every expert", async () => {
    const { metric, artefacts } = await evaluateRouting({ experts: 4, choices: [[0], [0], [2], [0], [1]] });
    assert.equal(artefacts["load"], [0.6, 0.2, 0.2, 0]);
    near(metric("max-load"), 2.4, 1e-12);
    assert.is(metric("min-load"), 0);
    assert.is(metric("dead-experts"), 1);
    assert.is(metric("dead-expert-fraction"), 1 / 4);
    // Loads .6 .2 .2 0, mean .25: variance (.35^2 + 2 * .05^2 + .25^2) / 4.
    near(metric("load-cv"), Math.sqrt((0.35 ** 2 + 2 * 0.05 ** 2 + 0.25 ** 2) / 4) / 0.25, 1e-12);
    near(metric("entropy"), -(0.6 * Math.log(0.6) + 0.4 * Math.log(0.2)), 1e-12);
    near(metric("normalised-entropy"), -(0.6 * Math.log(0.6) + 0.4 * Math.log(0.2)) / Math.log(4), 1e-12);
  });

  test("a balanced router has entropy ln E and loads of 1", async () => {
    const { metric } = await evaluateRouting({ experts: 4, choices: [[0], [1], [2], [3]] });
    near(metric("entropy"), Math.log(4), 1e-12);
    near(metric("normalised-entropy"), 1, 1e-12);
    assert.is(metric("max-load"), 1);
    assert.is(metric("min-load"), 1);
    assert.is(metric("dead-experts"), 0);
  });

  test("a collapsed router has entropy 0 and one load of E", async () => {
    const { metric } = await evaluateRouting({ experts: 8, choices: [[5], [5], [5]] });
    assert.is(metric("entropy"), 0);
    assert.is(metric("max-load"), 8);
    near(metric("load-cv"), Math.sqrt(7), 1e-12);
    assert.is(metric("dead-expert-fraction"), 7 / 8);
    assert.is(metric("dead-experts"), 7);
  });

  test("one expert is balanced by definition", async () => {
    const { metric, artefacts } = await evaluateRouting({ experts: 1, choices: [[0], [0]] });
    assert.equal(
      ["entropy", "normalised-entropy", "max-load", "min-load", "dead-experts"].map(metric),
      [0, 1, 1, 1, 0],
    );
    assert.equal(artefacts, { load: [1] });
  });

  test("with two experts a row the load is a share of pairs, and sums to 1", async () => {
    const { artefacts } = await evaluateRouting({
      experts: 4,
      choices: [
        [0, 1],
        [0, 2],
      ],
    });
    assert.equal(artefacts["load"], [0.5, 0.25, 0.25, 0]);
  });

  test("averages probabilities over all rows, and weighs them by load for the balance", async () => {
    // load (2/3, 1/3), mean probability (0.6, 0.4): 2 * (0.4 + 0.4/3).
    const { metric, artefacts } = await evaluateRouting({
      experts: 2,
      choices: [[0], [0], [1]],
      probabilities: [
        [0.75, 0.25],
        [0.8, 0.2],
        [0.25, 0.75],
      ],
    });
    const [first, second] = artefacts["probability"] as [number, number];
    near(first, 0.6, 1e-7);
    near(second, 0.4, 1e-7);
    near(metric("balance"), 2 * (0.4 + 0.4 / 3), 1e-7);
    near(metric("chosen-probability"), (0.75 + 0.8 + 0.75) / 3, 1e-7);
  });

  test("sums the probabilities of all chosen experts of a row", async () => {
    const { metric } = await evaluateRouting({
      experts: 3,
      choices: [
        [0, 1],
        [1, 2],
      ],
      probabilities: [
        [0.5, 0.25, 0.25],
        [0.25, 0.25, 0.5],
      ],
    });
    near(metric("chosen-probability"), 0.75, 1e-7);
  });

  test("says nothing of probabilities when the router has none", async () => {
    const { metric, artefacts } = await evaluateRouting({ experts: 2, choices: [[0], [1]] });
    assert.is(metric("balance"), undefined);
    assert.is(metric("chosen-probability"), undefined);
    assert.not.ok("probability" in artefacts);
  });

  test("does not depend on how rows fall into batches", async () => {
    const decisions = {
      experts: 2,
      choices: [[0], [0], [1]],
      probabilities: [
        [0.75, 0.25],
        [0.8, 0.2],
        [0.25, 0.75],
      ],
    };
    const one = await evaluateRouting({ ...decisions, batchSize: 3 });
    const many = await evaluateRouting({ ...decisions, batchSize: 1 });
    assert.equal(one.artefacts["load"], many.artefacts["load"]);
    near(one.metric("balance"), many.metric("balance")!, 1e-12);
  });

  test("counts only the experts that the router chooses among, where others are always on", async () => {
    // Experts 0, 1 and 2 are routed; 3 and 4 are shared and stand last in every row.
    const { metric, artefacts } = await evaluateRouting({
      experts: 5,
      sharedExperts: 2,
      choices: [
        [0, 3, 4],
        [1, 3, 4],
        [0, 3, 4],
        [0, 3, 4],
      ],
      probabilities: [
        [0.5, 0.25, 0.25],
        [0.25, 0.5, 0.25],
        [0.75, 0.125, 0.125],
        [0.5, 0.25, 0.25],
      ],
    });
    assert.equal(artefacts["load"], [0.75, 0.25, 0]);
    assert.equal(artefacts["probability"], [0.5, 0.28125, 0.21875]);
    assert.is(metric("dead-experts"), 1);
    assert.is(metric("max-load"), 2.25);
    near(metric("balance"), 3 * (0.75 * 0.5 + 0.25 * 0.28125), 1e-7);
    near(metric("chosen-probability"), (0.5 + 0.5 + 0.75 + 0.5) / 4, 1e-7);
  });

  test("churn is the share of rows that moved between nine tenths of the training and its end", async () => {
    const moment = (step: number, ...experts: number[]): RoutingMoment => ({
      step,
      numRows: 4,
      experts_NR: Int32Array.from(experts),
    });
    const moments = [moment(50, 1, 1, 1, 1), moment(90, 0, 1, 0, 2), moment(100, 0, 1, 2, 2)];
    const routed = { experts: 4, choices: [[0], [1]] };
    const { metric, artefacts } = await evaluateRouting({ ...routed, moments });
    assert.is(metric("churn"), 1 / 4);
    assert.equal(artefacts["churn"], [
      { step: 50, untilLast: 3 / 4 },
      { step: 90, sincePrevious: 3 / 4, untilLast: 1 / 4 },
      { step: 100, sincePrevious: 1 / 4, untilLast: 0 },
    ]);
    // Nothing is said of a training of which either moment is missing.
    for (const some of [moments.slice(0, 2), [moments[0]!, moments[2]!], []]) {
      assert.is((await evaluateRouting({ ...routed, moments: some })).metric("churn"), undefined);
    }
  });
});
