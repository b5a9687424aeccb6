/**
 * What every evaluator must do, on a routed model over rows that were made up, with a language model and with true
 * features: an evaluator that needs neither ignores them.
 *
 * Shapes: B rows of a batch, D width.
 */
import type { ActivationSource } from "../../core/data/contracts.ts";
import type {
  EvaluationBatch,
  EvaluationContext,
  EvaluationResult,
  Evaluator,
} from "../../core/evaluation/contracts.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect, expectClose, withoutSkipped, type ConformanceCase } from "./conformance-case.ts";
import { evaluatedModel, heldOutRows, type EvaluatedModel } from "./evaluated-model.ts";
import { definitionCases, openCpuDevice, withPlugin, type ConformanceOptions } from "./workbench.ts";

interface EvaluatorBench {
  readonly evaluator: Evaluator;
  readonly device: Device;
  readonly model: EvaluatedModel;
}

/**
 * @param plugin An evaluator plugin.
 * @example for (const { name, run } of evaluatorConformance(myEvaluator)) test(name, run);
 */
export function evaluatorConformance(plugin: AnyPlugin, given: ConformanceOptions = {}): readonly ConformanceCase[] {
  const on = (name: string, check: (bench: EvaluatorBench) => Promise<void> | void): ConformanceCase => ({
    name,
    run: async () => {
      const model = evaluatedModel(await openCpuDevice());
      try {
        await withPlugin<"evaluator">(
          plugin,
          given,
          { shape: model.model.shape, source: model.source },
          ({ instance, device }) => check({ evaluator: instance, device, model }),
        );
      } finally {
        model.dispose();
      }
    },
  });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "evaluator"),
    on("describes its metrics", checkDescriptions),
    on("gives exactly the metrics that it describes, where everything is known", async (bench) => {
      const { metrics } = await resultOf(bench, [heldOutRows]);
      expectSameNames(Object.keys(metrics), Object.keys(bench.evaluator.metrics));
    }),
    on(
      "gives some of its metrics, or nothing, where the source knows neither language model nor features",
      checkBareSource,
    ),
    on("gives finite metrics", async (bench) => {
      for (const [name, value] of Object.entries((await resultOf(bench, [20, 28])).metrics)) {
        expect(Number.isFinite(value), name, "a finite number", String(value));
      }
    }),
    on("gives the same metrics again on the same rows", async (bench) => {
      expectMetrics(await resultOf(bench, [20, 28]), await resultOf(bench, [20, 28]));
    }),
    on("gives the same metrics however the rows are split into batches", async (bench) => {
      const whole = await resultOf(bench, [heldOutRows]);
      for (const sizes of [
        [20, 28],
        [1, 47],
        [7, 7, 7, 7, 7, 7, 6],
      ])
        expectMetrics(await resultOf(bench, sizes), whole);
    }),
    on("gives the same metrics whatever the order of the rows", async (bench) => {
      expectMetrics(await resultOf(bench, [20, 28], { reversed: true }), await resultOf(bench, [heldOutRows]));
    }),
    on("keeps two evaluations at the same time apart", checkSeparate),
    on("has artefacts that survive being written as JSON", async (bench) => {
      const { artefacts = {} } = await resultOf(bench, [heldOutRows]);
      const [written, read] = [JSON.stringify(artefacts), JSON.stringify(plainCopy(artefacts))];
      expect(
        written === read,
        "artefacts after JSON",
        "plain lists, records, finite numbers and texts",
        written.slice(0, 200),
      );
    }),
    on("leaves the batches alone and no tensor behind", checkTensors),
  ];
  return withoutSkipped(cases, given.skip);
}

function checkDescriptions({ evaluator }: EvaluatorBench): void {
  const entries = Object.entries(evaluator.metrics);
  expect(entries.length > 0, "metrics", "at least one", "none");
  for (const [name, { summary }] of entries) {
    expect(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name), "a metric's name", "kebab-case", name);
    expect(summary.trim() !== "", `summary of ${name}`, "a sentence", "nothing");
  }
}

async function checkBareSource({ evaluator, model }: EvaluatorBench): Promise<void> {
  const { width, train, heldOut } = model.source;
  const bare = { width, train, heldOut };
  const batches = model.batches([heldOutRows]);
  try {
    const result = await evaluateBatches(evaluator, { ...model.context, source: bare }, batches);
    const unknown = Object.keys(result?.metrics ?? {}).filter((name) => !(name in evaluator.metrics));
    expect(unknown.length === 0, "metrics that are not described", "none", unknown.join(", "));
  } finally {
    model.disposeBatches(batches);
  }
}

async function checkSeparate(bench: EvaluatorBench): Promise<void> {
  const { evaluator, model } = bench;
  const alone = await resultOf(bench, [20, 28]);
  const batches = model.batches([20, 28]);
  try {
    const [first, second] = [evaluator.begin(model.context), evaluator.begin(model.context)];
    await first.observe?.(batches[0]!);
    for (const batch of batches) await second.observe?.(batch);
    await first.observe?.(batches[1]!);
    for (const evaluation of [first, second]) expectMetrics(await finished(evaluation.finish()), alone);
  } finally {
    model.disposeBatches(batches);
  }
}

async function checkTensors({ evaluator, device, model }: EvaluatorBench): Promise<void> {
  const batches = model.batches([20, 28]);
  const before = device.tf.memory().numTensors;
  await evaluateBatches(evaluator, model.context, batches);
  const left = device.tf.memory().numTensors - before;
  for (const { acts_BD, reconstruction_BD } of batches) {
    expect(
      !acts_BD.isDisposed && !reconstruction_BD.isDisposed,
      "the batch",
      "left for the other evaluators",
      "disposed",
    );
  }
  model.disposeBatches(batches);
  expect(left === 0, "tensors left behind", "0", left);
}

/** Evaluates the held-out rows in batches of the given sizes. */
async function resultOf(
  { evaluator, model }: EvaluatorBench,
  sizes: readonly number[],
  order: { readonly reversed?: boolean } = {},
): Promise<EvaluationResult> {
  const batches = model.batches(sizes);
  try {
    return await finished(
      evaluateBatches(evaluator, model.context, order.reversed === true ? [...batches].reverse() : batches),
    );
  } finally {
    model.disposeBatches(batches);
  }
}

async function evaluateBatches(
  evaluator: Evaluator,
  context: EvaluationContext & { readonly source: ActivationSource },
  batches: readonly EvaluationBatch[],
): Promise<EvaluationResult | undefined> {
  const evaluation = evaluator.begin(context);
  for (const batch of batches) await evaluation.observe?.(batch);
  return evaluation.finish();
}

async function finished(
  result: EvaluationResult | undefined | Promise<EvaluationResult | undefined>,
): Promise<EvaluationResult> {
  const value = await result;
  expect(value !== undefined, "the result, where everything is known", "metrics", "nothing");
  return value;
}

function expectMetrics(received: EvaluationResult, expected: EvaluationResult): void {
  expectSameNames(Object.keys(received.metrics), Object.keys(expected.metrics));
  for (const [name, value] of Object.entries(expected.metrics)) {
    expectClose(name, [received.metrics[name]!], [value], { atol: 1e-12, rtol: 1e-9 });
  }
}

function expectSameNames(received: readonly string[], expected: readonly string[]): void {
  const [left, right] = [[...received].sort().join(", "), [...expected].sort().join(", ")];
  expect(left === right, "names of the metrics", right, left);
}

/** What JSON keeps of a value, with everything else replaced by a mark that shows in a comparison. */
function plainCopy(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : "not finite";
  if (Array.isArray(value)) return value.map(plainCopy);
  if (typeof value !== "object") return `not JSON: ${typeof value}`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return `not plain: ${value.constructor.name}`;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainCopy(item)]));
}
