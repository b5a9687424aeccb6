import * as assert from "uvu/assert";
import type { SourceFacts } from "../../../core/data/contracts.ts";
import { synthetic } from "../../../plugins/source/synthetic.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "../../core/data/expect-error.ts";

const defaults = {
  width: 8,
  features: 24,
  activeFeatures: 2,
  rows: 500,
  heldOutRows: 100,
  clusters: 1,
  clusterCosine: 0.3,
  noise: 0.1,
  minMagnitude: 0.5,
  maxMagnitude: 1.5,
  seed: 0,
};
const paths = { projectFolder: "/", cacheFolder: "/" };

function factsOf(change: Partial<typeof defaults>): SourceFacts {
  return synthetic.facts!({ ...defaults, ...change }, paths) as SourceFacts;
}

suite("source/synthetic", (test) => {
  test("gives training rows, held-out rows of the same kind and the true features", async () => {
    const source = await synthetic.create(defaults, {});
    assert.equal([source.width, source.train.numRows, source.heldOut.numRows], [8, 500, 100]);
    assert.is(source.groundTruth!.numFeatures, 24);
    assert.is(source.groundTruth!.directions.length, 24 * 8);
    const [last, first] = [new Float32Array(8), new Float32Array(8)];
    await source.train.read(499, 1, last);
    await source.heldOut.read(0, 1, first);
    assert.not.equal(last, first);
    assert.is(source.languageModel, undefined);
  });

  test("knows its facts, and its fingerprint follows every option", () => {
    const facts = factsOf({});
    assert.is(facts.width, 8);
    assert.match(facts.description, /500 \+ 100 rows of 24 known features/);
    assert.is(factsOf({}).fingerprint, facts.fingerprint);
    const changes = Object.entries(defaults).map(([option, value]) =>
      factsOf({ [option]: value === 1 ? 2 : value / 2 + 1 }),
    );
    assert.is(changes.length, 11);
    const prints = new Set([facts, ...changes].map(({ fingerprint }) => fingerprint));
    // heldOutRows, rows, ...: each another fingerprint. activeFeatures 2 -> 2 is the same.
    assert.is(prints.size, 11);
  });

  test("refuses options that contradict each other", () => {
    const cases: readonly [Partial<typeof defaults>, RegExp][] = [
      [{ clusters: 5 }, /source\.clusters/],
      [{ clusters: 12, activeFeatures: 3 }, /source\.activeFeatures/],
      [{ activeFeatures: 25 }, /at most the 24 features/],
      [{ minMagnitude: 2 }, /source\.minMagnitude/],
    ];
    for (const [change, pattern] of cases) {
      assert.match(throwsWith("SOURCE_OPTIONS", () => factsOf(change)).message, pattern);
      throwsWith("SOURCE_OPTIONS", () => synthetic.create({ ...defaults, ...change }, {}));
    }
  });
});
