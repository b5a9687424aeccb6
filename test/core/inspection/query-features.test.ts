import * as assert from "uvu/assert";
import type { FeatureRecord } from "../../../core/inspection/feature-record.ts";
import { nearestCosine, queryFeatures } from "../../../core/inspection/query-features.ts";
import type { FeatureQuery, QueryAnswer } from "../../../core/inspection/query-features.ts";
import { suite } from "../../suite.ts";
import { exampleOf, featureRecord } from "./feature-records.ts";

const base: FeatureQuery = { order: "density", ascending: false, withSilent: false, limit: 20 };

async function* listed(records: readonly FeatureRecord[]): AsyncGenerator<FeatureRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

async function ask(records: readonly FeatureRecord[], change: Partial<FeatureQuery>): Promise<QueryAnswer> {
  return queryFeatures(listed(records), { ...base, ...change });
}

function numbers({ features }: QueryAnswer): readonly number[] {
  return features.map(({ feature }) => feature);
}

suite("querying features", (test) => {
  const some = [
    featureRecord(0, { density: 0.2, max: 1, mean: 0.4 }),
    featureRecord(1, { density: 0.5, max: 3, mean: 0.3, sameExpert: [{ feature: 0, expert: 0, cosine: 0.9 }] }),
    featureRecord(5, { density: 0.3, max: 2, mean: 0.9, otherExpert: [{ feature: 0, expert: 0, cosine: 0.4 }] }),
    featureRecord(6, { density: 0, rows: 0, max: 0 }),
  ];

  test("orders by every number, either way, and leaves silent features out unless asked", async () => {
    assert.equal(numbers(await ask(some, {})), [1, 5, 0]);
    assert.equal(numbers(await ask(some, { ascending: true })), [0, 5, 1]);
    assert.equal(numbers(await ask(some, { order: "max" })), [1, 5, 0]);
    assert.equal(numbers(await ask(some, { order: "mean" })), [5, 0, 1]);
    assert.equal(numbers(await ask(some, { order: "cosine" })), [1, 5, 0]);
    assert.equal(numbers(await ask(some, { order: "cross-cosine" })), [5, 0, 1]);
    assert.equal(numbers(await ask(some, { order: "number" })), [0, 1, 5]);
    assert.equal(numbers(await ask(some, { withSilent: true })), [1, 5, 0, 6]);
  });

  test("finds by number, silent ones too, and by expert", async () => {
    assert.equal(numbers(await ask(some, { feature: 6 })), [6]);
    assert.equal(numbers(await ask(some, { feature: 7 })), []);
    assert.equal(numbers(await ask(some, { expert: 1 })), [5]);
  });

  test("searches the tokens around an example joined, and the promoted ones, whatever the case", async () => {
    const records = [
      featureRecord(0, { examples: [exampleOf(["The", " mon", "[[ster]]"])] }),
      featureRecord(1, { promoted: [{ token: " Monster", id: 5, logit: 1 }] }),
      featureRecord(2, { examples: [exampleOf(["[[ man]]"])] }),
      featureRecord(3, { examples: [{ row: 4, activation: 1 }] }),
    ];
    assert.equal(numbers(await ask(records, { search: "MONSTER" })), [0, 1]);
    assert.equal(numbers(await ask(records, { search: " man" })), [2]);
    assert.equal(numbers(await ask(records, { search: "dog" })), []);
  });

  test("holds the same as a sort of everything, and counts what it does not show", async () => {
    const many = Array.from({ length: 3000 }, (_unused, i) => featureRecord(i, { density: ((i * 7919) % 997) / 997 }));
    const { features, numFound } = await ask(many, { limit: 10 });
    const sorted = [...many].sort((a, b) => b.density - a.density || a.feature - b.feature);
    assert.equal(
      features.map(({ feature }) => feature),
      sorted.slice(0, 10).map(({ feature }) => feature),
    );
    assert.is(numFound, 3000);
  });

  test("a feature alone in the world is near to nothing", () => {
    assert.is(nearestCosine(featureRecord(0)), Number.NEGATIVE_INFINITY);
    assert.is(nearestCosine(some[2]!), 0.4);
  });
});
