import * as assert from "uvu/assert";
import { l0BelowK } from "../../../../core/analysis/diagnose/l0-below-k.ts";
import { suite } from "../../../suite.ts";
import { changesOf, lookAt, seenBy } from "./diagnosed.ts";

suite("L0 below k", (test) => {
  test("is seen when rows have fewer positive features than k", () => {
    const found = seenBy(l0BelowK, { metrics: { "sparsity/l0": 12.4 } });
    assert.is(found.severity, "warning");
    assert.equal(found.numbers, { l0: 12.4, k: 16, share: 12.4 / 16 });
    assert.equal([changesOf(found)["model.expert.k"], changesOf(found)["model.router.experts"]], [12, 4]);
    assert.is(seenBy(l0BelowK, { metrics: { "sparsity/l0": 7 } }).severity, "problem");
  });

  test("is not seen when they have enough, nor of an expert without k", () => {
    assert.is(lookAt(l0BelowK, { metrics: { "sparsity/l0": 15.9 } }).kind, "clear");
    assert.is(lookAt(l0BelowK, { model: { expert: { type: "relu" } }, metrics: { "sparsity/l0": 3 } }).kind, "clear");
  });

  test("never advises a k of zero", () => {
    assert.is(changesOf(seenBy(l0BelowK, { metrics: { "sparsity/l0": 0 } }))["model.expert.k"], 1);
  });
});
