import * as assert from "uvu/assert";
import { defaultSampleLimits, sampleFeatures } from "../../../../core/analysis/report/feature-sample.ts";
import { featuresSection } from "../../../../core/analysis/report/features-section.ts";
import { writeFeatureIndex } from "../../../../core/inspection/feature-file.ts";
import type { FeatureRecord } from "../../../../core/inspection/feature-record.ts";
import type { RunSummary } from "../../../../core/run/run-summary.ts";
import { suite } from "../../../suite.ts";
import { exampleOf, featureRecord, infoOf } from "../../inspection/feature-records.ts";
import { temporaryFolder } from "../../run/fixtures.ts";
import { makeRun } from "../fixtures.ts";

/** A run of 8 experts, every fifth of whose features is silent. */
async function indexedRun(features: number, examples = 6): Promise<RunSummary> {
  const folder = temporaryFolder();
  const records = Array.from({ length: features }, (_unused, i) =>
    featureRecord(i, {
      expert: Math.floor((8 * i) / features),
      rows: i % 5 === 0 ? 0 : 3,
      examples: Array.from({ length: examples }, () => exampleOf([" a", "[[ b]]", " c"])),
    }),
  );
  const silent = records.filter(({ rows }) => rows === 0).length;
  await writeFeatureIndex(folder, {
    info: infoOf({ features, experts: 8, silent }),
    async *records(): AsyncGenerator<FeatureRecord> {
      for (const record of records) yield await Promise.resolve(record);
    },
  });
  return makeRun({ folder });
}

suite("a sample of features", (test) => {
  test("takes evenly from all experts, none that is silent, and few examples of each", async () => {
    const [sample] = await sampleFeatures([await indexedRun(4000)]);
    assert.ok(sample!.features.length > 150 && sample!.features.length <= 200, String(sample!.features.length));
    assert.ok(sample!.features.every(({ rows, examples }) => rows > 0 && examples.length === 4));
    const counts = Array.from(
      { length: 8 },
      (_unused, e) => sample!.features.filter(({ expert }) => expert === e).length,
    );
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
  });

  test("takes all of a small dictionary, and none of a run that nobody looked at", async () => {
    const samples = await sampleFeatures([await indexedRun(20), makeRun()]);
    assert.equal(
      samples.map(({ features }) => features.length),
      [16],
    );
    assert.equal(await sampleFeatures([await indexedRun(20)], { ...defaultSampleLimits, features: 0 }), []);
  });

  test("stays within its bytes however many runs and features there are", async () => {
    const runs = [await indexedRun(600), await indexedRun(600)];
    const samples = await sampleFeatures(runs, { features: 500, bytes: 60_000 });
    assert.is(samples.length, 2);
    for (const { features } of samples) {
      assert.ok(features.length > 10, String(features.length));
      assert.ok(Buffer.byteLength(JSON.stringify(features)) <= 30_000);
      assert.ok(features.at(-1)!.expert === 7, "the last expert is still there");
    }
  });

  test("cannot break out of the script that holds it", () => {
    const features = [featureRecord(0, { examples: [exampleOf(["[[</script><b>]]"])] })];
    const html = featuresSection([{ name: "</script>", info: infoOf(), features }]);
    assert.is(html.split("</script>").length - 1, 1);
    assert.is(featuresSection([]), "");
  });
});
