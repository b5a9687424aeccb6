import * as assert from "uvu/assert";
import type { FeatureRecord } from "../../../core/inspection/feature-record.ts";
import { studySteering } from "../../../core/inspection/study-steering.ts";
import { studySubjects } from "../../../core/inspection/study-subjects.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { near } from "../evaluation/fixtures.ts";
import { referencePass } from "../language-model/gpt2-reference.ts";
import { cosine, hookPoint, makeTrainedRun, referenceEffect } from "./fixtures.ts";
import type { MadeRun } from "./fixtures.ts";
import { featureRecord } from "./feature-records.ts";

const subjects = [
  { feature: 7, relation: "itself" },
  { feature: 2, relation: "random" },
];
const strength = 1.5;
let device: Device;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function centred(values: readonly number[]): readonly number[] {
  return values.map((value) => value - mean(values));
}

/** What the study measures of one context and feature, in float64. */
function reference(made: MadeRun, ids: readonly number[], feature: number) {
  const { config, tensors } = made.gpt2;
  const original = referencePass(config, tensors, ids);
  const steered = referencePass(config, tensors, ids, (point, rows) =>
    point === hookPoint
      ? rows.map((row, t) =>
          t === 0 || t === 3 ? row : row.map((value, d) => value + strength * made.decoder[feature]![d]!),
        )
      : rows,
  );
  const [before, after] = [original.logits.at(-1)!, steered.logits.at(-1)!];
  const residual = original.points.get("resid-post.1")!.at(-1)!;
  const scale = Math.sqrt(mean(centred(residual).map((value) => value ** 2)) + config.layerNormEpsilon);
  const change = centred(after.map((logit, v) => logit - before[v]!));
  const predicted = referenceEffect(made, made.decoder[feature]!, true).map((effect) => (strength * effect) / scale);
  const logs = (logits: readonly number[]): readonly number[] => {
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return logits.map((logit) => logit - Math.log(total));
  };
  const kl = logs(before).reduce((sum, log, v) => sum + Math.exp(log) * (log - logs(after)[v]!), 0);
  return { change, predicted, kl };
}

suite("a study of steering", (test, hooks) => {
  hooks.before(async () => {
    device = await wasmDevice.open();
  });

  test("measures what a float64 reference measures, context by context", async () => {
    const made = await makeTrainedRun(device);
    const study = await studySteering({ run: made.run, subjects, strength, positions: "all", contexts: 3, tokens: 4 });
    assert.is(study.contexts, 3);
    for (const [i, row] of study.rows.entries()) {
      const { feature } = subjects[i]!;
      const measured = made.contexts.slice(0, 3).map((ids) => reference(made, ids, feature));
      const first = made.contexts.slice(0, 3).map((ids) => reference(made, ids, 7));
      const promoted = measured[0]!.predicted
        .map((value, v) => ({ value, v }))
        .sort((a, b) => b.value - a.value)
        .slice(0, 4)
        .map(({ v }) => v);
      near(row.kl, mean(measured.map(({ kl }) => kl)), 1e-4);
      near(row.promotedChange, mean(measured.map(({ change }) => mean(promoted.map((v) => change[v]!)))), 1e-4);
      near(row.predictedChange, mean(measured.map(({ predicted }) => mean(promoted.map((v) => predicted[v]!)))), 1e-4);
      near(row.predictionCorrelation, mean(measured.map(({ change, predicted }) => cosine(change, predicted))), 1e-4);
      near(row.effectCorrelation, mean(measured.map(({ change }, c) => cosine(change, first[c]!.change))), 1e-4);
      near(row.cosine, cosine(made.decoder[feature]!, made.decoder[7]!), 1e-5);
    }
    near(study.rows[0]!.effectCorrelation, 1, 1e-9);
    near(study.rows[0]!.cosine, 1, 1e-9);
  });

  test("a feature taken away does the opposite of what is promoted, and is predicted as well", async () => {
    const made = await makeTrainedRun(device);
    const input = { run: made.run, subjects, positions: "last" as const, contexts: 2, tokens: 4 };
    const [added] = (await studySteering({ ...input, strength: 0.05 })).rows;
    const [taken] = (await studySteering({ ...input, strength: -0.05 })).rows;
    assert.ok(added!.predictedChange > 0 && taken!.predictedChange < 0);
    near(taken!.predictionCorrelation, added!.predictionCorrelation, 0.05);
  });

  test("uses the contexts there are, and refuses none", async () => {
    const made = await makeTrainedRun(device, { numContexts: 2 });
    const input = { run: made.run, subjects, strength, positions: "all" as const, tokens: 4 };
    assert.is((await studySteering({ ...input, contexts: 50 })).contexts, 2);
    await rejectsWith("NO_ROWS", studySteering({ ...input, contexts: 0 }));
    const without = await makeTrainedRun(device, { withoutText: true });
    await rejectsWith("NO_LANGUAGE_MODEL", studySteering({ ...input, run: without.run, contexts: 1 }));
  });
});

async function* listed(records: readonly FeatureRecord[]): AsyncGenerator<FeatureRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

suite("subjects of a study", (test) => {
  const near3 = { feature: 3, expert: 0, cosine: 0.9 };
  const near9 = { feature: 9, expert: 1, cosine: 0.8 };
  const record = featureRecord(1, { sameExpert: [near3], otherExpert: [near9] });

  test("are the feature, its nearest on either side, and one by chance that is active", async () => {
    const all = [1, 3, 4, 5, 9].map((feature) => featureRecord(feature, { rows: feature === 4 ? 0 : 10 }));
    const subjects = await studySubjects(record, listed(all), 0);
    assert.equal(subjects, [
      { feature: 1, relation: "itself" },
      { feature: 3, relation: "same expert" },
      { feature: 9, relation: "other expert" },
      { feature: 5, relation: "random" },
    ]);
  });

  test("by chance every other feature is taken about as often, and the same one for a seed", async () => {
    const all = Array.from({ length: 4 }, (_unused, feature) => featureRecord(feature + 20, {}));
    const taken = await Promise.all(
      Array.from(
        { length: 200 },
        async (_unused, seed) => (await studySubjects(record, listed(all), seed)).at(-1)!.feature,
      ),
    );
    for (const feature of [20, 21, 22, 23]) {
      const count = taken.filter((one) => one === feature).length;
      assert.ok(count > 25 && count < 75, `${feature}: ${count} of 200`);
    }
    assert.is((await studySubjects(record, listed(all), 5)).at(-1)!.feature, taken[5]);
  });

  test("are fewer where there are fewer", async () => {
    const alone = featureRecord(1, {});
    assert.equal(await studySubjects(alone, listed([alone]), 0), [{ feature: 1, relation: "itself" }]);
  });
});
