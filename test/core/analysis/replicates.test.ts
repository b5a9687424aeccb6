import * as assert from "uvu/assert";
import { groupReplicates, spreadOf } from "../../../core/analysis/replicates.ts";
import { suite } from "../../suite.ts";
import { makeRun } from "./fixtures.ts";

const withMse = (mse: number) => makeRun({ metrics: { mse } });

suite("groupReplicates", (test) => {
  test("groups runs that differ only in the seed, in the order of their first run", () => {
    const runs = [1, 2].flatMap((seed) =>
      ["b", "a"].map((axis) => makeRun({ name: `axis=${axis}-seed=${seed}`, seed, axes: { axis, seed } })),
    );
    const groups = groupReplicates(runs);
    assert.equal(
      groups.map(({ name }) => name),
      ["axis=b", "axis=a"],
    );
    assert.equal(
      groups.map((group) => group.runs.map(({ config }) => config.seed)),
      [
        [1, 2],
        [1, 2],
      ],
    );
  });

  test("does not mind in which order axes were written", () => {
    const runs = [
      makeRun({ name: "k=8-m=1-seed=1", axes: { k: 8, m: 1, seed: 1 } }),
      makeRun({ name: "k=8-m=1-seed=2", axes: { seed: 2, m: 1, k: 8 } }),
    ];
    assert.equal(groupReplicates(runs).length, 1);
  });

  test("keeps runs apart whose seed was not swept", () => {
    assert.is(groupReplicates([makeRun({ name: "a" }), makeRun({ name: "b" })]).length, 2);
  });

  test("keeps the runs of different sweeps apart, and their names too", () => {
    const axes = { k: 8, seed: 0 };
    const runs = [makeRun({ name: "k=8", sweep: "one", axes }), makeRun({ name: "k=8", sweep: "two", axes })];
    assert.equal(
      groupReplicates(runs).map(({ name }) => name),
      ["k=8", "k=8 (two)"],
    );
  });

  test("keeps the full name of a run that is alone", () => {
    assert.equal(groupReplicates([makeRun({ name: "k=8-seed=3", axes: { k: 8, seed: 3 } })])[0]!.name, "k=8-seed=3");
  });

  test("names a group after its sweep when the seed was all that the name said", () => {
    const runs = [0, 1].map((seed) => makeRun({ name: `seed=${seed}`, sweep: "baseline", axes: { seed } }));
    assert.is(groupReplicates(runs)[0]!.name, "baseline");
  });

  test("finds the seed at the front and in the middle of a name", () => {
    const named = (pattern: (seed: number) => string): string =>
      groupReplicates([0, 1].map((seed) => makeRun({ name: pattern(seed), axes: { a: 1, seed } })))[0]!.name;
    assert.is(
      named((seed) => `seed=${seed}-a=1`),
      "a=1",
    );
    assert.is(
      named((seed) => `a=1-seed=${seed}-b=2`),
      "a=1-b=2",
    );
  });
});

suite("spreadOf", (test) => {
  test("gives mean and sample deviation", () => {
    // Squared deviations from 4: 4, 0, 4; divided by n - 1 = 2.
    assert.equal(spreadOf([2, 4, 6].map(withMse), "mse"), { mean: 4, deviation: 2, count: 3 });
  });

  test("one value has no deviation", () => {
    assert.equal(spreadOf([withMse(3), makeRun()], "mse"), { mean: 3, deviation: undefined, count: 1 });
  });

  test("is undefined when no run has the metric", () => {
    assert.is(spreadOf([makeRun(), withMse(1)], "other"), undefined);
  });
});
