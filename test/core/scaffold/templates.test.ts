import * as assert from "uvu/assert";
import { exampleEvaluator } from "../../../core/scaffold/templates/evaluator.ts";
import { exampleExpert } from "../../../core/scaffold/templates/expert.ts";
import { exampleLoss } from "../../../core/scaffold/templates/loss.ts";
import { exampleRouter } from "../../../core/scaffold/templates/router.ts";
import { exampleSchedule } from "../../../core/scaffold/templates/schedule.ts";
import { exampleSource } from "../../../core/scaffold/templates/source.ts";
import * as conformance from "../../conformance/index.ts";
import { suite } from "../../suite.ts";

suite("templates", (test) => {
  const suites = {
    evaluator: conformance.evaluatorConformance(exampleEvaluator),
    expert: conformance.expertConformance(exampleExpert),
    loss: conformance.lossConformance(exampleLoss),
    router: conformance.routerConformance(exampleRouter),
    schedule: conformance.scheduleConformance(exampleSchedule),
    source: conformance.sourceConformance(exampleSource, { different: [{ seed: 1 }, { rows: 8 }] }),
  };
  for (const [kind, cases] of Object.entries(suites)) {
    for (const { name, run } of cases) test(`${kind}: ${name}`, run);
  }

  test("have names that a new plugin's name replaces", () => {
    for (const plugin of [
      exampleEvaluator,
      exampleExpert,
      exampleLoss,
      exampleRouter,
      exampleSchedule,
      exampleSource,
    ]) {
      assert.is(plugin.name, `example-${plugin.kind}`);
    }
  });
});
