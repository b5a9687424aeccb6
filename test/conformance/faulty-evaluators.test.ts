import type * as tensorflow from "@tensorflow/tfjs";
import {
  definePlugin,
  tensorFlowRef,
  Type,
  type Evaluation,
  type EvaluationContext,
  type Evaluator,
} from "../../core/index.ts";
import { suite } from "../suite.ts";
import { evaluatorConformance } from "./evaluator.ts";
import { expectFailure } from "./expect-failure.ts";

type Tf = typeof tensorflow;

const metrics: Evaluator["metrics"] = { mean: { summary: "Mean of all coordinates." } };

function evaluatorPlugin(begin: (context: EvaluationContext, tf: Tf) => Evaluation, described = metrics) {
  return definePlugin({
    kind: "evaluator",
    name: "made-up",
    version: "1",
    summary: "For a test.",
    options: Type.Object({}),
    deps: { tf: tensorFlowRef },
    create: (_options, { tf }): Evaluator => ({ metrics: described, begin: (context) => begin(context, tf) }),
  });
}

/** Sums coordinates in float64 and divides at the end. */
function mean(): Evaluation {
  let sum = 0;
  let count = 0;
  return {
    observe: ({ acts_BD }) => {
      for (const value of acts_BD.dataSync()) sum += value;
      count += acts_BD.size;
    },
    finish: () => ({ metrics: { mean: sum / count }, artefacts: { count } }),
  };
}

const right = evaluatorPlugin(mean);
let calls = 0;
let sharedRows = 0;

const faults: readonly (readonly [what: string, name: string, faulty: typeof right, message: RegExp])[] = [
  [
    "no description",
    "describes its metrics",
    evaluatorPlugin(mean, {}),
    /metrics: expected at least one, received none/,
  ],
  [
    "a metric whose name is not kebab-case",
    "describes its metrics",
    evaluatorPlugin(mean, { meanValue: { summary: "x" } }),
    /a metric's name: expected kebab-case, received meanValue/,
  ],
  [
    "a metric that is described and not given",
    "gives exactly the metrics that it describes, where everything is known",
    evaluatorPlugin(mean, { ...metrics, more: { summary: "Never given." } }),
    /names of the metrics: expected mean, more, received mean/,
  ],
  [
    "a metric that is given and not described, for a bare source",
    "gives some of its metrics, or nothing, where the source knows neither language model nor features",
    evaluatorPlugin(({ source }) =>
      source.groundTruth === undefined ? { finish: () => ({ metrics: { bare: 1 } }) } : mean(),
    ),
    /metrics that are not described: expected none, received bare/,
  ],
  [
    "not-a-number",
    "gives finite metrics",
    evaluatorPlugin(() => ({ finish: () => ({ metrics: { mean: Number.NaN } }) })),
    /mean: expected a finite number, received NaN/,
  ],
  [
    "numbers at random",
    "gives the same metrics again on the same rows",
    evaluatorPlugin(() => ({ finish: () => ({ metrics: { mean: (calls += 1) } }) })),
    /mean, entry 0/,
  ],
  [
    "a mean of the batches' means",
    "gives the same metrics however the rows are split into batches",
    evaluatorPlugin(() => {
      const means: number[] = [];
      return {
        observe: ({ acts_BD }) => void means.push([...acts_BD.dataSync()].reduce((a, b) => a + b, 0) / acts_BD.size),
        finish: () => ({ metrics: { mean: means.reduce((a, b) => a + b, 0) / means.length } }),
      };
    }),
    /mean, entry 0/,
  ],
  [
    "only the first batch",
    "gives the same metrics whatever the order of the rows",
    evaluatorPlugin(() => {
      let first: number | undefined;
      return {
        observe: ({ acts_BD }) => void (first ??= acts_BD.dataSync()[0]!),
        finish: () => ({ metrics: { mean: first ?? 0 } }),
      };
    }),
    /mean, entry 0/,
  ],
  [
    "state that evaluations share",
    "keeps two evaluations at the same time apart",
    evaluatorPlugin(() => {
      sharedRows = 0;
      return {
        observe: ({ acts_BD }) => void (sharedRows += acts_BD.shape[0]),
        finish: () => ({ metrics: { mean: sharedRows } }),
      };
    }),
    /mean, entry 0/,
  ],
  [
    "artefacts that JSON loses",
    "has artefacts that survive being written as JSON",
    evaluatorPlugin(() => ({ finish: () => ({ metrics: { mean: 1 }, artefacts: { histogram: new Map([[1, 2]]) } }) })),
    /artefacts after JSON/,
  ],
  [
    "artefacts with not-a-number",
    "has artefacts that survive being written as JSON",
    evaluatorPlugin(() => ({ finish: () => ({ metrics: { mean: 1 }, artefacts: { list: [1, Number.NaN] } }) })),
    /artefacts after JSON/,
  ],
  [
    "tensors left behind",
    "leaves the batches alone and no tensor behind",
    evaluatorPlugin((_context, tf) => ({ ...mean(), observe: ({ acts_BD }) => void tf.mul(acts_BD, 1) })),
    /tensors left behind: expected 0, received 2/,
  ],
  [
    "batches disposed of",
    "leaves the batches alone and no tensor behind",
    evaluatorPlugin(() => ({
      ...mean(),
      observe: ({ acts_BD }) => {
        acts_BD.dispose();
      },
    })),
    /the batch: expected left for the other evaluators, received disposed/,
  ],
];

suite("evaluator conformance finds", (test) => {
  for (const [what, name, faulty, message] of faults) {
    test(what, () =>
      expectFailure(name, { right: evaluatorConformance(right), faulty: evaluatorConformance(faulty) }, message),
    );
  }
});
