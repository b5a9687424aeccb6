import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import type { MetricDescription } from "../../../core/evaluation/contracts.ts";
import { defaultMetrics, describeColumns, metricsOf, resolveMetric } from "../../../core/analysis/metric-columns.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { makeRun } from "./fixtures.ts";

const available = ["reconstruction/mse", "recovery/mean-max-cosine", "duplication/mean-max-cosine"];

function errorOf(body: () => unknown): SwitchyardError {
  try {
    body();
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

suite("resolveMetric", (test) => {
  test("accepts full names, and short ones that mean one metric", () => {
    assert.is(resolveMetric("reconstruction/mse", available), "reconstruction/mse");
    assert.is(resolveMetric("mse", available), "reconstruction/mse");
  });

  test("refuses a short name that may mean several, and lists them", () => {
    const error = errorOf(() => resolveMetric("mean-max-cosine", available));
    assert.is(error.code, "AMBIGUOUS_METRIC");
    assert.match(error.next ?? "", "recovery/mean-max-cosine, duplication/mean-max-cosine");
  });

  test("suggests the nearest name for a misspelt one", () => {
    const short = errorOf(() => resolveMetric("mes", available));
    assert.is(short.code, "UNKNOWN_METRIC");
    assert.is(short.next, 'Did you mean "mse"?');
    const full = errorOf(() => resolveMetric("reconstruction/mze", available));
    assert.is(full.next, 'Did you mean "reconstruction/mse"?');
  });

  test("lists what there is when nothing is near", () => {
    const error = errorOf(() => resolveMetric("weather", available));
    assert.is(error.next, undefined);
    assert.match(error.expected ?? "", available.join(", "));
  });
});

suite("describeColumns", (test) => {
  test("labels a column by the short name, and by the full one where two are alike", () => {
    assert.equal(
      describeColumns(available).map(({ label }) => label),
      ["mse", "recovery/mean-max-cosine", "duplication/mean-max-cosine"],
    );
  });

  test("knows unit and direction of the default columns", () => {
    const columns = describeColumns(defaultMetrics);
    assert.equal(
      columns.map(({ better }) => better),
      ["lower", "lower", undefined, "higher", "lower", "lower"],
    );
    assert.equal(
      columns.map(({ unit }) => unit),
      [undefined, undefined, undefined, undefined, "FLOP", "ms"],
    );
  });

  test("takes descriptions of evaluators from outside", () => {
    const [column] = describeColumns(["mine/score"], {
      "mine/score": { summary: "A score", better: "higher", unit: "pt" },
    });
    assert.equal(column, { metric: "mine/score", label: "score", summary: "A score", better: "higher", unit: "pt" });
  });

  test("says of a metric nothing that its own evaluator contradicts", async () => {
    // This room may not import plugins; the test compares both descriptions.
    const source = readFileSync(new URL("../../../core/analysis/metric-columns.ts", import.meta.url), "utf8");
    const names = [...source.matchAll(/^ {2}"([a-z-]+\/[a-z0-9-]+)": \{/gm)].map((match) => match[1]!);
    assert.ok(names.length >= 15, `found ${names.length} known metrics`);
    const described = await describedByEvaluators();
    for (const column of describeColumns(names)) {
      const own = described.get(column.metric);
      assert.ok(own, `${column.metric} is a metric of no evaluator`);
      assert.is(column.better, own.better, column.metric);
      if (column.unit !== undefined) assert.is(column.unit, own.unit, column.metric);
    }
  });
});

suite("metricsOf", (test) => {
  test("is the union over the runs, in order of appearance", () => {
    assert.equal(metricsOf([makeRun({ metrics: { b: 1 } }), makeRun({ metrics: { a: 1, b: 2 } })]), ["b", "a"]);
  });
});

async function describedByEvaluators() {
  const { cpuDevice } = await import("../../../kernels/devices/cpu.ts");
  const { tf, kernels } = await cpuDevice.open();
  const { reconstruction } = await import("../../../plugins/evaluator/reconstruction.ts");
  const { sparsity } = await import("../../../plugins/evaluator/sparsity.ts");
  const { languageModel } = await import("../../../plugins/evaluator/language-model.ts");
  const { routing } = await import("../../../plugins/evaluator/routing.ts");
  const { duplication } = await import("../../../plugins/evaluator/duplication.ts");
  const { cost } = await import("../../../plugins/evaluator/cost.ts");
  const { recovery } = await import("../../../plugins/evaluator/recovery.ts");
  const evaluators = {
    reconstruction: await reconstruction.create({ compat: true, withoutFirst: true }, {}),
    sparsity: await sparsity.create({}, {}),
    "language-model": await languageModel.create({ contexts: 1 }, { tf }),
    routing: await routing.create({}, {}),
    duplication: await duplication.create({ threshold: 0.9, thresholds: [0.7, 0.9, 0.95] }, { tf }),
    cost: await cost.create({}, { tf, kernels }),
    recovery: await recovery.create({ threshold: 0.9 }, { tf }),
  };
  return new Map<string, MetricDescription>(
    Object.entries(evaluators).flatMap(([name, { metrics }]) =>
      Object.entries(metrics).map(([metric, description]) => [`${name}/${metric}`, description] as const),
    ),
  );
}
